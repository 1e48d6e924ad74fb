"""The web console of a deployed stack: `python -m imageservice_operator.console --stack NAME|local`."""

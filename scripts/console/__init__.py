"""The console: a web page over a deployed stack, for whoever runs it. `python -m console --stack NAME|local`."""

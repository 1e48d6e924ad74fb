"""The operator's command line: `python -m imageservice_operator.cli`, thin over `operations`.

    group       the root, and what the exit codes mean
    session     options that every command takes, exit codes, standard output and standard error
    shown       tables and progress bars
    looking     status, list, history
    watching    console
    sending     upload, remove
    repairing   failures, replay, reconcile
    remaking    reprocess
    spending    cost

Standard output is for results alone, a table or, with --json, one JSON document a line; all else is on standard error.
"""

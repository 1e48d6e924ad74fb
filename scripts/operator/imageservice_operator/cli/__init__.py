"""The operator's command line, `images`: one file a command, thin over `operations`.

    group       the root: the commands' list, --version, and what the exit codes mean
    session     the options that every command takes, its exit code, standard output and standard error
    output      tables and progress bars
    parameters  types of options that commands share

Standard output is for results alone, a table or, with --json, one JSON document a line; all else is on standard error.
"""

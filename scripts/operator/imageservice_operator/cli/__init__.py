"""The operator's command line, `images`: one file per command, each a thin layer over `operations`.

    group       the root: the commands' list, --version, and what the exit codes mean
    session     the options that every command takes, its exit code, standard output and standard error
    output      tables and progress bars
    parameters  types of options that commands share

Standard output has only results: a table, or with --json one JSON document per line. All else is on standard error.
"""

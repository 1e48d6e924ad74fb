"""Step Functions: moto's States Language interpreter behind MiniStack's API.

definition      parsed once, checked before it is taken
clients         how tasks reach AWS: this stack, as the state machine's role
jsonata         expressions, evaluated on values rather than on text
history         the event history of an execution, also across redrives
journal         what a redrive needs: where the execution was and what it has finished
executions      run, stop, redrive
events          status changes, announced on EventBridge
maps            Map Runs, for ListMapRuns and DescribeMapRun
api             the Step Functions actions that MiniStack lacks or answers poorly
"""

"""Lambda on one machine: each function runs in processes of its own under AWS's `awslambdaric`.

code            a deployment package, unpacked once per content
environment     exactly the variables that Lambda sets, and the function's own
runtime_api     the HTTP side of one worker (what awslambdaric polls)
worker          one process: start, invoke, time out, die
processes       how it starts: forked, on Linux, otherwise by itself
fork_server     what it is forked from, with the functions' packages imported
launcher        what it runs first
platform_log    what Lambda itself logs about an invocation, in JSON
pool            which invocation gets a worker now, and which waits
executor        one invocation, from MiniStack's records to MiniStack's answer
"""

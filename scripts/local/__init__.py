"""The service on one machine: the same template, real functions, real Redis, no Docker, no AWS account.

stack             what runs, in the order in which it starts
options           the options of the command line
statefile         the state directory: stack.json, and the lock that makes a second start fail
signals           Ctrl-C and SIGTERM as one exception
background        a stack in a process of its own, for tests and benchmarks
ports             loopback ports, held until a service takes them over
ministack_server  MiniStack, which answers the AWS APIs
open_files        how many files and sockets the stack may have open
redis_server      a Redis; redis_cluster: three of them, for tests and benchmarks
console           the web console, in a process of its own
cloudfront/       the template's distribution: one edge on loopback
deployment/       template.yaml → what MiniStack accepts → deployed
lambda_runtime/   worker processes under awslambdaric, their number limited
stepfunctions/    Step Functions: moto's States Language interpreter
patches/          every change to MiniStack's and moto's own code, one reason per module
run/              upload images, watch them, show the results
"""

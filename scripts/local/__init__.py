"""The service on one machine: the same template, real functions, real Redis, no Docker, no AWS account.

stack             what runs, in the order in which it starts
options           the options of the command line
statefile         the state directory: stack.json, and the lock that makes a second start fail
signals           Ctrl-C and SIGTERM as one exception
background        a stack in a process of its own, for tests and benchmarks
ports             loopback ports, held until a service takes them over
ministack_server  MiniStack, which answers the AWS APIs
open_files        how many files and sockets the stack may have open
cache             what readers are served from: redis_server, redis_cluster behind tls_front, or nothing
redis_server      a Redis
redis_cluster     a Valkey cluster of three masters and their replicas
tls_front         TLS in front of servers that are built without it
console           the web console, in a process of its own
cloudfront/       the template's distribution: one edge on loopback
deployment/       template.yaml → what MiniStack accepts → deployed
lambda_runtime/   worker processes under awslambdaric, their number limited
stepfunctions/    Step Functions: moto's States Language interpreter
patches/          every change to MiniStack's and moto's own code, one reason per module
run/              upload images, watch them, show the results
"""

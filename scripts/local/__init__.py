"""The service on one machine: the same template, real functions, real Redis, no Docker, no AWS account.

stack           what runs, in the order in which it starts
options         what can be set on the command line
statefile       the state directory: stack.json, and the claim that makes a second start fail
stopping        Ctrl-C and SIGTERM as one exception
background      a stack in a process of its own, for tests and benchmarks
ports           loopback ports, held until a service takes them over
gateway, redis_server, edge/, console    one loopback service each; gateway is MiniStack, edge CloudFront's data plane
deployment/     template.yaml → what MiniStack takes → deployed
functions/      worker processes under awslambdaric, their number capped
engine/         Step Functions: moto's States Language interpreter
patches/        every change to MiniStack's and moto's own code, one reason a module
run/            upload images, watch them, show what became of them
"""

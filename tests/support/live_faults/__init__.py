"""The workflows under fault on a running local stack: its own Step Functions, Lambda, DynamoDB, S3, CloudFront, Redis.

faulty_stack   the stack as a program, whose calls to AWS fail, hang, come late or twice
release        what is deployed: a copy whose tasks give up sooner, and perhaps one with a planted bug
history        what clients and operators do, at random
orderly        what each image must be at the end; what one orderly run makes of the same upload
"""

"""What the functions share.

core/          pure: standard library only
adapters/      Redis, DynamoDB, S3, AWS clients, environment, logs and metrics
http/          what API Gateway's events and answers look like
engine/        pixels; alone imports Pillow
failures/      failed executions: on record, on the topic, with what to do
read_through   the read path: Redis first, then the table
"""

__version__ = "0.2.0"
"""The service's version: the package has it, `images --version` prints it, CHANGELOG.md's newest release is it."""

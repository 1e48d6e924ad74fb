"""What the functions share.

core/          pure: standard library only
adapters/      Redis, DynamoDB, S3, AWS clients, environment, logs and metrics
http/          what API Gateway's events and answers look like
engine/        pixels; the only part that imports Pillow
failures/      failed executions: recorded, announced, with what to do
read_through   the read path: Redis first, then the table
"""

__version__ = "0.3.0"
"""The version of the service and of its package. `images --version` prints it; CHANGELOG.md's newest release is it."""

"""What touches the world: S3, DynamoDB, Redis, the environment, logs and metrics."""

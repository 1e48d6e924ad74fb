"""What API Gateway's events and answers look like."""

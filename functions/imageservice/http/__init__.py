"""The HTTP API's side of a function: API Gateway's events (payload format 2.0), answers, problems, routes."""

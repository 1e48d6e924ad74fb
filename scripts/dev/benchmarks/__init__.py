"""What the service promises, measured against its peers: `./scripts/bench images`, `serve`, `read` and others."""

"""What the service promises, measured against its peers: `./scripts/bench images` and `./scripts/bench read`."""

"""Tools for those who work on the service: checks, benchmarks, environments, screenshots."""

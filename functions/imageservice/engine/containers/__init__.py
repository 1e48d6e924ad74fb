"""One module a container: what its header says, and how its pixels are opened."""

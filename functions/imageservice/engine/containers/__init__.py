"""One module per container: what its header says, and how its pixels are opened."""

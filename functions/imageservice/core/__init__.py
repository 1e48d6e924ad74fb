"""The pure core: what an image, its plan, its keys and its manifest are. It imports only the standard library."""

"""The pure core: what an image, its plan, its keys and its manifest are. It imports the standard library alone."""

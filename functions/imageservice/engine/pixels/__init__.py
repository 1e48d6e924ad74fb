"""Pixels after decoding: depth, size, orientation, color."""

"""Not part of the echo function."""

"""The contenders: each is a process of its own that answers jobs (see ../job.py)."""

"""Who is measured: each a process of its own that answers jobs (see ../job.py)."""

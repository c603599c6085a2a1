"""The nations' feeds: each file in `sources/` reads one format, `worker.py` does all the I/O."""

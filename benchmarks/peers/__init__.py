"""Other libraries on our data, each in its own environment: ``python -m benchmarks.peers``."""

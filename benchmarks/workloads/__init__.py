"""What is measured: the same names, seeds and sizes on every backend."""

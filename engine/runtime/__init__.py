"""What runs the kernels: interpreters, advice, probes, threads, the guard of comparisons."""

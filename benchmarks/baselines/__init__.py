"""What somebody would write instead: plain Python, NumPy, and C as the limit of the machine."""

"""The independent verifier: the worst case of a position, from its legs and the market alone."""

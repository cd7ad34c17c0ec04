"""Families of arbitrage: from a chain to candidates, one file per family."""

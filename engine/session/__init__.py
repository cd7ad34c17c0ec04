"""Append-only files: recorded market and broker messages, and the journal of execution."""

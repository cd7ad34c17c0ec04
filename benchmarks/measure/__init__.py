"""The processes that measure, and the files that they write."""

"""Turning opportunities into positions: what must be right whatever the broker says, and when."""

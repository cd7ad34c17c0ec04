"""Fetching what markets publish: many requests at once, politely, each answer stored once."""

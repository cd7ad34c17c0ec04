"""Strategies on paper: many accounts over one feed of quotes or bars. No input or output."""

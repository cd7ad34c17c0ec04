"""The connection to Interactive Brokers: one owner, orders apart from quotes."""

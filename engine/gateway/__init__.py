"""A simulated TWS gateway: the wire, the exchange behind it, and what goes wrong on demand."""

"""Values of the market: chains, carry, fees, calendars. No input or output."""

"""Trading as it happens: feed, scan, trader and broker wired together, and watched."""

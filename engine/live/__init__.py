"""Trading live: the process that holds everything together, and how people reach it."""

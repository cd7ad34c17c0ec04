"""What a user may set, read from flags, TOML and Python."""

"""Does a strategy know the future? Its decisions, with the future changed. No input or output."""

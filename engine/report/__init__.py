"""What a scan found, for machines and for people."""

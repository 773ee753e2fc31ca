"""`libra library` and `libra export`."""

"""Benches: what the two loops reach in wall clock, and what it costs to watch them."""

"""`libra collect`, `libra train`, `libra eval`: one module a command."""

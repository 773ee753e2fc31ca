"""Why did it fail: kept evaluations, what happened in them, and which of the two systems is to blame."""

"""Making and measuring policies: collection, data sets, training, DAgger, lockstep evaluation."""

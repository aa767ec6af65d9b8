"""The lecture as pieces of work: planned, done on workers, and kept."""

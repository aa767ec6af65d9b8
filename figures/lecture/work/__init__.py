"""The lecture as items: planned, made by workers, and kept."""

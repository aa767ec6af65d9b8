"""The algorithm, and nothing else."""

"""Results of a run: fits, their files, checkpoints, and exports to other programs."""

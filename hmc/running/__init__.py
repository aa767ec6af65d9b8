"""Chains and batches on processes, threads and clusters."""

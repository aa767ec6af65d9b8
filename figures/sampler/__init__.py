"""The inside of the sampler."""

"""The sampler's insides."""

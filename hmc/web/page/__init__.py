"""The page in which the sampler is played: what it is built from."""

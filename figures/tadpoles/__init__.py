"""The tadpoles: how much to pool."""

"""The confounds: a group that moves both X and Y."""

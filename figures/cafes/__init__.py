"""The cafes: models with memory."""

"""The page of the lecture."""

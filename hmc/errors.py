"""What can go wrong with a run as a whole. Bad arguments raise ValueError, before anything is compiled."""


class InitializationError(RuntimeError):
    """No starting point with a finite log density and gradient was found."""


class ChainError(RuntimeError):
    """No chain gave any draws; the message says why."""

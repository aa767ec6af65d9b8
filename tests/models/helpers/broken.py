"""Models with a fault, for negative twins."""


class WrongSign:
    """A model whose gradient has the wrong sign in one component."""

    def __init__(self, right, component):
        self.dimension = right.dimension
        self._right, self._component = right, component

    def evaluate(self, position):
        """(log density, gradient), the latter wrong."""
        value, gradient = self._right.evaluate(position)
        gradient[self._component] *= -1.0
        return value, gradient

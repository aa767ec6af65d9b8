"""A film's frames, drawn one over what stays of the others, and drawn anew."""

import numpy as np

from figures.drawing import film


def are_drawn_whole(frames):
    """Whether the frames of `frames()` look the same where only what moves is drawn as where all is drawn anew."""

    def shown(moving):
        for figure in frames():
            figure.moving = figure.moving if moving else ()
            yield figure

    drawn = [film._pictures(shown(moving), 50) for moving in (True, False)]
    assert len({picture.tobytes() for picture in drawn[1]}) > 1
    return all(np.array_equal(np.asarray(one), np.asarray(other)) for one, other in zip(*drawn, strict=True))

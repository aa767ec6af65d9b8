"""The cafes, visit by visit, as an animated GIF: always the same bytes for the same fits."""

from figures.cafes import beliefs_of, draw_frame, numbers
from figures.film import write_film
from models.cafes import CAFES
from models.tables import read


def cafes_animation(fits, path, data=None, style="posterior", seconds=1.2):
    """Write to `path` (.gif) a frame for each of `fits`, in the order of visits, and return the path.

    Frames are those of `figures.cafes.cafes_frame`, each shown for `seconds`, the last one three times as long; then it
    begins anew. The file appears whole or not at all. ValueError for another ending, and as for `cafes_frame`.
    """
    table = read(CAFES, data)
    beliefs = beliefs_of(fits, numbers(fits), table, style)
    shown = [round(1000 * seconds)] * (len(beliefs) - 1) + [round(3000 * seconds)]  # milliseconds
    return write_film(path, (draw_frame(beliefs, visit, table) for visit in beliefs), shown)

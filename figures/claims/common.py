"""Phrases of many captions: what they mean is fixed by the code that draws."""

from figures.claims.draws import INTERVAL
from figures.drawing.draws import PROBABILITY

CLAIMS = {
    "89% interval": lambda shown: INTERVAL == PROBABILITY == 0.89,
    "the middle half": "between the quartiles, by definition",
}

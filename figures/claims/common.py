"""Phrases of many captions: what they mean is fixed by the code that draws."""

from figures.claims.draws import INTERVAL
from figures.confounds.effects import PROBABILITY
from figures.tadpoles import tanks

CLAIMS = {
    "89% interval": lambda shown: INTERVAL == PROBABILITY == tanks.PROBABILITY == 0.89,
    "the middle half": "between the quartiles, by definition",
}

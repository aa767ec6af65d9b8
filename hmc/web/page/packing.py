"""Modules as text for a page, compressed: what later ones have in common with the first is there once.

The modules of a page hold the same sampler, function by function, and their densities. A function of the first module
takes as many bytes as its like in another, and hardly one differs. So the difference (exclusive or) of the two is
stored, almost all zeros, of which nothing is left when they are compressed: a later module takes a quarter of its room.
"""

import base64
import gzip
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from hmc.web.wasm_format import function_bodies


class Packed(NamedTuple):
    """A module's text, and which of its bytes are stored as their difference from the first module's."""

    text: str
    shared: list[list[int]]  # [place in the first module, place in this one, length] of each run


def packed(modules: Sequence[bytes]) -> list[Packed]:
    """The texts of modules. `unpackedModule` of js/pagedata.mjs undoes it."""
    return [_packed(made, modules[0]) if number else Packed(_text(made), []) for number, made in enumerate(modules)]


def _packed(made: bytes, first: bytes) -> Packed:
    shared, rest = list(_shared(first, made)), bytearray(made)
    for there, here, length in shared:
        pairs = zip(first[there : there + length], made[here : here + length], strict=True)
        rest[here : here + length] = bytes(a ^ b for a, b in pairs)
    return Packed(_text(bytes(rest)), shared)


def _shared(first: bytes, made: bytes) -> Iterator[list[int]]:
    """Runs of functions that have as many bytes in both modules: [place in the first, place in the other, length]."""
    theirs, ours = function_bodies(first), function_bodies(made)
    first_lengths, lengths = ([length for _, length in bodies] for bodies in (theirs, ours))
    for run in SequenceMatcher(None, first_lengths, lengths, autojunk=False).get_matching_blocks():
        if run.size:
            (there, _), (here, _), (last, length) = theirs[run.a], ours[run.b], ours[run.b + run.size - 1]
            yield [there, here, last + length - here]


def _text(binary: bytes) -> str:
    return base64.b64encode(gzip.compress(binary, 9, mtime=0)).decode()

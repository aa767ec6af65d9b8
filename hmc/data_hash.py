"""What data are, in few words: whether two models saw the same."""

import hashlib

import numpy as np


def fields(data, place=""):
    """(place, value) of every array and number in a model's data; of a tuple within them, "outer.inner"."""
    for name, value in zip(getattr(data, "_fields", range(len(data))), data, strict=True):
        if isinstance(value, tuple):
            yield from fields(value, f"{place}{name}.")
        else:
            yield f"{place}{name}", value


def data_hashes(data):
    """{field: (length, hash)} of the arrays in a model's data."""
    arrays = {place: value for place, value in fields(data) if isinstance(value, np.ndarray) and value.ndim > 0}
    return {n: (len(v), hashlib.sha256(np.ascontiguousarray(v)).hexdigest()) for n, v in arrays.items()}


def data_types(data):
    """{field: its type and shape, in words} of the arrays in a model's data."""
    arrays = {place: value for place, value in fields(data) if isinstance(value, np.ndarray)}
    return {place: f"{value.dtype} of shape {value.shape}" for place, value in arrays.items()}


def data_numbers(data):
    """{field: number} of the numbers in a model's data."""
    plain = {place: value.item() if isinstance(value, np.generic) else value for place, value in fields(data)}
    return {n: v for n, v in plain.items() if isinstance(v, (bool, int, float))}

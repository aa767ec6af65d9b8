"""Measures in words: seconds and bytes in the unit that suits them."""

import math


def two_digits(number):
    """A number to two digits, or to the whole one."""
    return f"{number:,.0f}" if abs(number) >= 9.95 else f"{number:.1f}"


def three_digits(number):
    """A number to three digits."""
    return f"{number:.3g}"


def whole(number):
    """A number to the whole one."""
    return f"{number:.0f}"


def time_in_words(seconds, in_digits=three_digits):
    """Seconds in s, ms, µs or ns; nothing for nan."""
    for unit, length in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= 0.9995 * length:  # what is rounded to one of the larger unit, is one
            return f"{in_digits(seconds / length)} {unit}"
    return "" if math.isnan(seconds) else f"{in_digits(seconds * 1e9)} ns"


def duration(seconds):
    """Seconds in the unit that suits them, from days to ns, two digits."""
    for unit, length in (("days", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 1.5 * length:
            return f"{two_digits(seconds / length)} {unit}"
    return time_in_words(seconds, two_digits)


def size(count):
    """Bytes in the unit that suits them, two digits."""
    for unit, length in (("GB", 1e9), ("MB", 1e6)):
        if count >= length:
            return f"{two_digits(count / length)} {unit}"
    return f"{two_digits(count / 1e3)} kB"

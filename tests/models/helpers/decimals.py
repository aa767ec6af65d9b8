"""Log densities in 60 decimal digits, and their derivatives, to compare ours with."""

from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache
from math import comb

PRECISION = 60
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803")
# The error of a central difference is its step squared times a third derivative: 1e-36, and 1e-60 / step of rounding.
STEP = Decimal("1e-20")


@cache
def bernoulli(count):
    """The Bernoulli numbers B_0 to B_count, as fractions."""
    numbers = [Fraction(1)]
    for m in range(1, count + 1):
        numbers.append(-sum(comb(m + 1, k) * numbers[k] for k in range(m)) / Fraction(m + 1))
    return numbers


def lgamma(x):
    """log Gamma(x) of a Decimal above 0: by Stirling's series beyond 60, to which the recurrence leads."""
    product = Decimal(1)
    while x < 60:
        product *= x
        x += 1
    series = Decimal(0)
    for k in range(1, 31):
        number = bernoulli(60)[2 * k]
        series += Decimal(number.numerator) / Decimal(number.denominator) / (2 * k * (2 * k - 1) * x ** (2 * k - 1))
    return (x - Decimal("0.5")) * x.ln() - x + (2 * PI).ln() / 2 + series - product.ln()


def value_and_derivatives(formula, arguments):
    """[formula(*arguments), its derivative by each], as floats; `formula` takes Decimals and gives one."""
    with localcontext() as context:
        context.prec, context.Emin, context.Emax = PRECISION, -(10**9), 10**9
        exact = [Decimal(argument) for argument in arguments]
        found = [formula(*exact)]
        for i, argument in enumerate(exact):
            step = STEP * abs(argument) if argument else STEP
            ends = [formula(*exact[:i], argument + sign * step, *exact[i + 1 :]) for sign in (1, -1)]
            found.append((ends[0] - ends[1]) / (2 * step))
        return [float(number) for number in found]

"""The marks of a formula as MathML elements: names, fractions, sums, whatever they were parsed from.

Only elements of MathML Core, which browsers draw by themselves: https://www.w3.org/TR/mathml-core.
"""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element

_WORDS = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi"
_GREEK = dict(zip([*_WORDS.split(), "chi", "psi", "omega"], "αβγδεζηθικλμνξοπρστυφχψω", strict=True))
_NAME = re.compile(rf"(?P<base>{'|'.join(_GREEK)}|[A-Za-z])(?P<bar>_?bar)?(?P<label>[A-Za-z]{{0,2}})")
_THIN_SPACE = "0.1667em"
_INVISIBLE_TIMES, _APPLY = "\u2062", "\u2061"


def element(tag: str, *children: Element | str, **attributes: str) -> Element:
    """An element of children: elements, or a single text. Nothing needs escaping until it is written."""
    made = ElementTree.Element(tag, attributes)
    for child in children:
        if isinstance(child, str):
            made.text = child
        else:
            made.append(child)
    return made


def row(*children: Element) -> Element:
    """The elements one after the other; one alone stays what it is."""
    return children[0] if len(children) == 1 else element("mrow", *children)


def separated(parts: Sequence[Element]) -> Element:
    """The elements with commas between them."""
    first, *others = parts
    return row(first, *[item for part in others for item in (element("mo", ","), part)])


def symbol(name: str) -> tuple[Element, list[Element]]:
    """(element, labels) of a name: `sigmaS` is a sigma and, to be set below it, an upright S.

    A name is a Greek word or a letter, a bar over it (`a_bar`, `abar`), and a label of up to two letters (`bPG`); any
    other, such as `cafe`, is a word and stays one.
    """
    parts = _NAME.fullmatch(name)
    if not parts:
        return element("mi", name), []
    base = element("mi", _GREEK.get(parts["base"], parts["base"]))
    if parts["bar"]:
        base = element("mover", base, element("mo", "\u00af", stretchy="false"), accent="true")
    return base, [element("mi", parts["label"], mathvariant="normal")] if parts["label"] else []


def below(base: Element, subscripts: Sequence[Element]) -> Element:
    """`base` with its subscripts, if any, in one line with commas."""
    return element("msub", base, separated(subscripts)) if subscripts else base


def product(factors: Sequence[Element]) -> Element:
    """Factors side by side: read as a multiplication, seen as a thin space."""
    first, *others = factors
    times = {"lspace": "0", "rspace": _THIN_SPACE}
    return row(first, *[item for factor in others for item in (element("mo", _INVISIBLE_TIMES, **times), factor)])


def fraction(numerator: Element, denominator: Element) -> Element:
    """A fraction; its line replaces brackets around the whole numerator or denominator."""
    return element("mfrac", _bare(numerator), _bare(denominator))


def brackets(inside: Element) -> Element:
    """The element in round brackets, of the height of letters: fonts stretch them too early."""
    return element("mrow", element("mo", "(", stretchy="false"), inside, element("mo", ")", stretchy="false"))


def application(function: str, arguments: Sequence[Element]) -> Element:
    """A function or distribution, its name upright, of its arguments."""
    return row(element("mi", function, mathvariant="normal"), element("mo", _APPLY), brackets(separated(arguments)))


def summation(term: Element, first: Element, last: Element) -> Element:
    """The sum of `term`, from below the sign to above it."""
    return row(element("munderover", element("mo", "∑"), first, last), term)


def aligned(rows: Iterable[tuple[Element, Element, Element]]) -> Element:
    """Rows (left hand side, relation, right hand side) below each other, the relations in one column."""
    table = element("mtable", displaystyle="true")  # or the limits of sums would stand beside them
    for cells in rows:
        table.append(element("mtr", *[_cell(*pair) for pair in zip(cells, ("right", "center", "left"), strict=True)]))
    return table


def _cell(content: Element, side: str) -> Element:
    # MathML Core leaves this to CSS, where `right` would move text only, not a block, which mathematics is. The
    # attribute is for browsers that know the older MathML.
    return element("mtd", content, columnalign=side, style=f"text-align: -webkit-{side}")


def _bare(part: Element) -> Element:
    in_brackets = part.tag == "mrow" and part[0].text == "(" and part[-1].text == ")"
    return part[1] if in_brackets else part

"""A model's formula as mathematics: parses the lines that `hmc models` prints, and writes MathML.

The grammar, with {any number of} and [at most one]:

    formula    statement, and more after a new line, or after a comma or semicolon and two spaces
    statement  term {, term}  ~ or =  expression  [, words]
    expression term {+ or - term}
    term       factor {[*] factor or / factor}
    factor     number or (expression) or function(expression {, expression})
               or sum(term, index = expression..expression) or name [_index] ['['index {, index}']']
    index      number or name, or a range of them: 1..7

A statement is a row; a long sum is broken before a sign, so that it fits a narrow screen. Text outside the grammar is
refused, so that a formula is shown whole or not at all.
"""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from typing import NamedTuple, NoReturn
from xml.etree.ElementTree import Element

from figures.lecture.page import formula_marks as marks
from figures.lecture.page.formula_marks import element

LONGEST = 22  # signs of a line on the right side, as they are seen
_TILDE, _MINUS = "\u223c", "\u2212"  # not the keyboard's

_TOKEN = re.compile(
    r"""(?P<number> \d+(?:\.\d+)?)
    | (?P<function> (?:half-)?[A-Za-z]+(?=\())
    | (?P<name> [A-Za-z]+(?:_bar(?![A-Za-z]))?)
    | (?P<end> [,;][ ]{2,})
    | (?P<mark> \.\. | [][~=+\-*/(),_])
    | (?P<space> [ ]+)
    | (?P<unknown> .)""",
    re.VERBOSE,
)


class _Token(NamedTuple):
    kind: str  # a group of _TOKEN; "end" is that of a statement
    text: str
    line: int
    column: int


def mathml(formula: str) -> str:
    """The formula's text as one `<math>` element: a row per statement, aligned at its ~ or =, for an HTML page.

    Screen readers without MathML find the plain text in it. ValueError names the line and column of a text outside the
    grammar.
    """
    rows = _Parser(formula).formula()
    text = "; ".join(formula.splitlines())
    return ElementTree.tostring(element("math", marks.aligned(rows), display="block", alttext=text), encoding="unicode")


def _tokens(formula: str) -> list[_Token]:
    """The tokens but for spaces; each line, and the formula, closes with the end of a statement."""
    found = []
    for number, line in enumerate(formula.splitlines(), 1):
        for match in _TOKEN.finditer(line):
            if match.lastgroup != "space":
                found.append(_Token(match.lastgroup or "unknown", match[0], number, match.start() + 1))
        found.append(_Token("end", "", number, len(line) + 1))
    return found or [_Token("end", "", 1, 1)]


def _lines(terms: list[list[Element]]) -> list[list[Element]]:
    """Terms in lines of at most `LONGEST` signs, or of one term."""
    lines: list[list[Element]] = []
    length = 0
    for term in terms:
        signs = sum(len("".join(part.itertext())) for part in term)
        length += signs
        if not lines or length > LONGEST:
            lines.append([])
            length = signs
        lines[-1] += term
    return lines


class _Parser:
    """Recursive descent: a method per rule of the grammar, each from the next token on, to elements."""

    def __init__(self, formula: str) -> None:
        self.tokens = _tokens(formula)
        self.next = 0

    def formula(self) -> list[tuple[Element, Element, Element]]:
        rows: list[tuple[Element, Element, Element]] = []
        while not rows or self.next < len(self.tokens):
            rows += self.statement()
        return rows

    def statement(self) -> list[tuple[Element, Element, Element]]:
        left = marks.separated(self.several(self.term))
        relation = element("mo", _TILDE if self.expect("~", "=") == "~" else "=")
        first, *further = _lines(self.terms())
        if self.accept(","):
            (further or [first])[-1].append(element("mtext", f", {self.words()}"))
        self.take("the end of the statement", "end")
        nothing = (element("mrow"), element("mrow"))
        return [(left, relation, marks.row(*first)), *((*nothing, marks.row(*line)) for line in further)]

    def expression(self) -> Element:
        return marks.row(*(part for term in self.terms() for part in term))

    def terms(self) -> list[list[Element]]:
        """The terms of a sum, each with its sign before it."""
        terms = [[self.term()]]
        while sign := self.accept("+", "-"):
            terms.append([element("mo", _MINUS if sign == "-" else sign), self.term()])
        return terms

    def term(self) -> Element:
        factors = [self.factor()]
        while True:
            if self.accept("/"):
                factors = [marks.fraction(marks.product(factors), self.factor())]
            elif self.accept("*") or self.peek().kind in ("number", "name", "function") or self.peek().text == "(":
                factors.append(self.factor())
            else:
                return marks.product(factors)

    def factor(self) -> Element:
        if self.accept("("):
            inside = self.expression()
            self.expect(")")
            return marks.brackets(inside)
        token = self.take("a number, a name or a function", "number", "name", "function")
        if token.kind == "number":
            return element("mn", token.text)
        if token.kind == "function":
            self.expect("(")
            made = self.sum() if token.text == "sum" else marks.application(token.text, self.several(self.expression))
            self.expect(")")
            return made
        base, subscripts = marks.symbol(token.text)
        if self.accept("_"):
            subscripts.append(self.index())
        if self.accept("["):
            subscripts += self.several(self.index)
            self.expect("]")
        return marks.below(base, subscripts)

    def sum(self) -> Element:
        term = self.term()
        self.expect(",")
        index = self.index()
        self.expect("=")
        first = self.expression()
        self.expect("..")
        return marks.summation(term, marks.row(index, element("mo", "="), first), self.expression())

    def index(self) -> Element:
        ends = [self.end_of_range()]
        if self.accept(".."):
            ends += [element("mo", "…", lspace="0", rspace="0"), self.end_of_range()]
        return marks.row(*ends)

    def end_of_range(self) -> Element:
        token = self.take("a number or a name", "number", "name")
        return element("mn", token.text) if token.kind == "number" else marks.below(*marks.symbol(token.text))

    def words(self) -> str:
        words = [self.take("a word", "name").text]
        while self.peek().kind in ("name", "number"):
            words.append(self.take("a word", "name", "number").text)
        return " ".join(words)

    def several(self, rule: Callable[[], Element]) -> list[Element]:
        parts = [rule()]
        while self.accept(","):
            parts.append(rule())
        return parts

    def peek(self) -> _Token:
        return self.tokens[self.next]

    def accept(self, *texts: str) -> str | None:
        """The next token's text if it is one of these marks, and go on; else None."""
        token = self.peek()
        return self.take("", "mark").text if token.kind == "mark" and token.text in texts else None

    def expect(self, *texts: str) -> str:
        return self.accept(*texts) or self.refuse(" or ".join(texts))

    def take(self, what: str, *kinds: str) -> _Token:
        token = self.peek()
        if token.kind not in kinds:
            self.refuse(what)
        self.next += 1
        return token

    def refuse(self, what: str) -> NoReturn:
        token = self.peek()
        found = repr(token.text) if token.text else "the end of the line"
        raise ValueError(f"formula, line {token.line}, column {token.column}: expected {what}, found {found}")

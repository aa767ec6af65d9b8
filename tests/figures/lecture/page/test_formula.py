"""figures.lecture.page.formula: the text of a formula as MathML."""

import re
import unicodedata
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import models
from figures.lecture.page.formula import LONGEST, mathml

TILDE, MINUS, SIGMA = "\N{TILDE OPERATOR}", "\N{MINUS SIGN}", "\N{GREEK SMALL LETTER SIGMA}"
BAR = '<mover accent="true"><mi>{}</mi><mo stretchy="false">¯</mo></mover>'
NAMES = {TILDE: "~", MINUS: "-", "∑": "sum", "…": "..", "¯": "bar"}
UPRIGHT = '<mi mathvariant="normal">{}</mi>'
# What of MathML Core (https://www.w3.org/TR/mathml-core) a formula may need.
CORE = {"math", "mfrac", "mi", "mn", "mo", "mover", "mrow", "msub", "mtable", "mtd", "mtext", "mtr", "munderover"}


def rows_of(formula):
    """The rows of a formula, each (left, relation, right) as elements."""
    return [tuple(cell[0] for cell in row) for row in ElementTree.fromstring(mathml(formula)).iter("mtr")]


def right_of(expression):
    """`expression` as mathematics: its element's text in MathML."""
    [(_, _, right)] = rows_of(f"x = {expression}")
    return ElementTree.tostring(right, encoding="unicode")


def seen(part):
    """What can be seen of an element, without what is invisible."""
    return "".join(part.itertext()).translate({0x2061: None, 0x2062: None})


@pytest.mark.parametrize("name", models.names())
def test_formula_of_every_model_is_mathematics_of_core_elements(name):
    formula = models.describe(name).formula
    rows = rows_of(formula)
    statements = [row for row in rows if "".join(row[1].itertext())]
    assert len(statements) == len(re.split(r"\n|[,;]  ", formula))
    for _, _, right in rows:  # breaks before a sign, where there is one
        signs_within = [part for part in [*right][1:] if part.tag == "mo" and part.text in ("+", MINUS)]
        assert len("".join(right.itertext())) <= LONGEST or not signs_within or right.tag != "mrow"
    assert {relation.text for _, relation, _ in statements} <= {TILDE, "="}
    tree = ElementTree.fromstring(mathml(formula))
    assert {part.tag for part in tree.iter()} <= CORE
    arity = {"mfrac": 2, "mover": 2, "msub": 2, "munderover": 3}
    assert all(len(part) == arity[part.tag] for part in tree.iter() if part.tag in arity)


@pytest.mark.parametrize("name", models.names())
def test_no_number_letter_or_sign_of_a_models_formula_is_lost_or_made_up(name):
    formula = models.describe(name).formula
    assert signs(drawn(formula)) == signs(formula)
    assert signs(drawn(formula.replace("Normal(0", "Normal(1"))) != signs(formula)


def drawn(formula):
    """What can be seen of the formula, in the signs of its text, but for those that become a place or a line."""
    text = seen(ElementTree.fromstring(mathml(formula)))
    for sign in re.findall(r"[^\x00-\x7f]", text):
        text = text.replace(
            sign, NAMES.get(sign) or unicodedata.name(sign).split()[-1].lower().replace("lamda", "lambda")
        )
    return text


def signs(text):
    """The signs of a formula that must be seen, sorted. Limits of a sum lose their dots, for they have their places."""
    return sorted(re.sub(r"[][ _*/(),;\n]", "", text.replace("0..E", "0E")))


def test_statements_are_rows_aligned_at_their_relation():
    rows = rows_of("a[j] = a_bar + z[j] sigma,  z[j], u[j] ~ Normal(0, 1)\nphi ~ Exponential(1.5);  b = 0")
    assert [tuple(map(seen, row)) for row in rows] == [
        ("aj", "=", "a¯+zj" + SIGMA),
        ("zj,uj", TILDE, "Normal(0,1)"),
        ("φ", TILDE, "Exponential(1.5)"),
        ("b", "=", "0"),
    ]
    [[cells]] = ElementTree.fromstring(mathml("a = 1"))
    assert [cell.get("columnalign") for cell in cells] == ["right", "center", "left"]
    assert [cell.get("style") for cell in cells] == [
        f"text-align: -webkit-{side}" for side in ("right", "center", "left")
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a[T]", "<msub><mi>a</mi><mi>T</mi></msub>"),
        ("a[cafe]", "<msub><mi>a</mi><mi>cafe</mi></msub>"),
        ("a_bar", BAR.format("a")),
        ("abar", BAR.format("a")),
        ("Xbar[g]", f"<msub>{BAR.format('X')}<mi>g</mi></msub>"),
        ("bxy", f"<msub><mi>b</mi>{UPRIGHT.format('xy')}</msub>"),
        ("sigmaS", f"<msub><mi>{SIGMA}</mi>{UPRIGHT.format('S')}</msub>"),
        ("lambda", "<mi>λ</mi>"),
        ("bE[G]", f"<msub><mi>b</mi><mrow>{UPRIGHT.format('E')}<mo>,</mo><mi>G</mi></mrow></msub>"),
        ("delta_0[g]", "<msub><mi>δ</mi><mrow><mn>0</mn><mo>,</mo><mi>g</mi></mrow></msub>"),
        ("wait", "<mi>wait</mi>"),
        ("1 - E", "<mrow><mn>1</mn><mo>" + MINUS + "</mo><mi>E</mi></mrow>"),
        ("(D - 1) / (2 E)", "<mfrac><mrow><mi>D</mi><mo>" + MINUS + "</mo><mn>1</mn></mrow>"),
    ],
)
def test_typography(text, expected):
    assert right_of(text).startswith(expected)


def test_names_of_functions_are_upright_and_their_brackets_stay():
    logit = ElementTree.fromstring(right_of("half-Normal(0, sigma)"))
    assert logit[0].text == "half-Normal"
    assert logit[0].get("mathvariant") == "normal"
    assert seen(logit) == f"half-Normal(0,{SIGMA})"
    assert seen(ElementTree.fromstring(right_of("a (b + c)"))) == "a(b+c)"


def test_limits_of_a_sum_stand_below_and_above():
    [table] = ElementTree.fromstring(mathml("x = sum(delta_j[G], j = 0..E-1)"))
    assert table.get("displaystyle") == "true"  # else a table sets its mathematics as within a line, limits beside
    total = table[0][2][0]
    sign, below, above = total[0]
    assert total[0].tag == "munderover"
    assert (sign.text, seen(below), seen(above), seen(total[1])) == ("∑", "j=0", f"E{MINUS}1", "δj,G")


def test_factors_side_by_side_have_a_thin_space_with_or_without_a_star():
    assert right_of("bP P") == right_of("bP * P")
    assert 'rspace="0.1667em">\u2062</mo>' in right_of("bP P")


def test_prose_is_text():
    assert "<mtext>, a simplex of 7</mtext>" in mathml("a ~ Dirichlet(2), a simplex of 7;  b = 0")


def test_screen_readers_find_the_text_of_the_formula():
    tree = ElementTree.fromstring(mathml("a ~ Normal(0, 1)\nb = 2"))
    assert tree.get("alttext") == "a ~ Normal(0, 1); b = 2"
    assert tree.get("display") == "block"


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("", "line 1, column 1: expected a number, a name or a function, found the end of the line"),
        ("a ~ Normal(0, 1)\nb @ 2", "line 2, column 3: expected ~ or =, found '@'"),
        ("a ~ Normal(0, 1", "line 1, column 16: expected \\), found the end of the line"),
        ("a[j ~ 2", "line 1, column 5: expected \\], found '~'"),
        ("a = b +", "line 1, column 8: expected a number, a name or a function, found the end of the line"),
        ("a = b = c", "line 1, column 7: expected the end of the statement, found '='"),
        ("a = b, ", "expected a word, found the end of the line"),
        ("a = 1, z ~ Normal(0, 1)", "line 1, column 10: expected the end of the statement, found '~'"),
        ("a = sum(b, j = 1)", "line 1, column 17: expected \\.\\., found '\\)'"),
        ("a = <b>", "line 1, column 5: .* found '<'"),
        ("a\n= 1", "line 1, column 2: expected ~ or =, found the end of the line"),
    ],
)
def test_what_is_not_understood_is_named_with_its_place(formula, message):
    with pytest.raises(ValueError, match=f"^formula, .*{message}"):
        mathml(formula)


def refusal_of(text):
    """What is said against the formula; None of one that is understood."""
    try:
        made = mathml(text)
    except ValueError as error:
        return str(error)
    ElementTree.fromstring(made)
    return None


@given(st.text(st.sampled_from("ab1.~=+-*/()[],;_ \nsum(é<&\"'\t\r\x0b\x0c\x00")))
def test_any_text_is_understood_or_refused_in_one_line(text):
    refusal = refusal_of(text)
    assert refusal is None or re.fullmatch(r"formula, line \d+, column \d+: expected .*, found .*", refusal)

"""figures.lecture.page.listing: the source of log densities as HTML."""

import html
import inspect
import re
import tokenize
import types
from pathlib import Path

import numba
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import models
from figures.lecture.page.listing import file_of, inline, listing, source_of

ROOT = Path(__file__).parents[4]
MODELS = {"mST_fixed": {"sigma": 1.0}}
SPAN = re.compile(r'<span class="([a-z]+)">([^<]*)</span>')


def text_of(made):
    """A listing without its tags and escapes."""
    inside = made.removeprefix('<pre class="listing"><code>').removesuffix("</code></pre>")
    return html.unescape(re.sub(r'<span class="[a-z]+">|</span>', "", inside))


def marked(source):
    """What is coloured in the listing of `source`: (class, text)."""
    return [(kind, html.unescape(text)) for kind, text in SPAN.findall(listing(source))]


@pytest.fixture(scope="module")
def lecture():
    """All models by name."""
    return {name: models.build(name, **MODELS.get(name, {})) for name in models.names()}


@pytest.mark.parametrize("name", models.names())
def test_source_of_every_model_is_in_its_file_to_the_letter(lecture, name):
    file = (ROOT / file_of(lecture[name])).read_text(encoding="utf-8")
    source = source_of(lecture[name])
    first, *others = re.split(r"(?<=\n)\n\n(?=@|def )", source)
    assert first == inspect.getsource(lecture[name].log_density)
    assert all(part in file for part in (first, *others))
    assert text_of(listing(source)) == source
    assert marked(source)


def test_terms_of_the_same_file_stand_below_a_density_that_shares_them(lecture):
    names = re.findall(r"^def (\w+)", source_of(lecture["mST_fixed"]), re.MULTILINE)
    assert names == ["known_spread_log_density", "given_sigma"]
    assert "# a[j] ~ Normal(a_bar, sigma)" in source_of(lecture["mST_fixed"])


def test_source_of_a_jitted_density_is_that_of_its_python(lecture):
    density = lecture["mST"].log_density
    jitted = types.SimpleNamespace(log_density=numba.njit(density))
    assert source_of(jitted) == source_of(lecture["mST"])
    assert file_of(jitted) == "models/reedfrogs/centred.py"


def test_source_of_an_indented_density_begins_at_the_margin():
    def density(position, data, gradient):
        return 0.0

    source = source_of(types.SimpleNamespace(log_density=density))
    assert source == "def density(position, data, gradient):\n    return 0.0\n"


def test_words_are_marked_by_what_they_are():
    source = 'def f(x):  # a < b\n    """Says."""\n    return x + 1.5e3 if x else "\\n"\n'
    assert marked(source) == [
        ("keyword", "def"),
        ("function", "f"),
        ("comment", "# a < b"),
        ("string", '"""Says."""'),
        ("keyword", "return"),
        ("number", "1.5e3"),
        ("keyword", "if"),
        ("keyword", "else"),
        ("string", '"\\n"'),
    ]


def test_what_is_no_python_is_shown_as_it_is():
    assert marked("def f(:\n  'never closed\n\x00 1")[:2] == [("keyword", "def"), ("function", "f")]
    assert marked("if x:\n    1\n  2\n") == [("keyword", "if"), ("number", "1")]
    assert text_of(listing("'never closed <")) == "'never closed <"


def test_a_string_with_values_is_a_string_from_its_first_letter():
    assert marked('f"a{b}"')[0][1].startswith('f"a')
    assert {kind for kind, _ in marked('f"a{b}"')} == {"string"}


def test_a_token_that_is_not_the_text_at_its_place_is_not_coloured(monkeypatch):
    def token(text, first, last):
        return tokenize.TokenInfo(tokenize.NUMBER, text, (1, first), (1, last), "")

    made = [token("12", 0, 2), token("{", 2, 4), token("23", 1, 3), token("4", 5, 6)]
    monkeypatch.setattr(tokenize, "generate_tokens", lambda readline: iter(made))
    assert marked("123{4") == [("number", "12")]
    assert text_of(listing("123{4")) == "123{4"


PIECES = ["def f(x):\n", "    ", "\t", "\n", "\r\n", "\r", "\x0c", "'", '"""', 'f"{a!r:>{w}}{{"', "# c<&>\n", "1e5"]
PIECES += ["é", "漢", "\N{GRINNING FACE}", "\\\n", "if ", "(", "]", "\x00", "\u2028", "&amp;", "</code>", "<span>"]


@given(st.lists(st.sampled_from(PIECES)).map("".join) | st.text())
@example('x = f"a{b}{{c}}" + 1\n')
def test_no_character_is_lost_or_altered_whatever_the_source(source):
    made = listing(source)
    inside = made.removeprefix('<pre class="listing"><code>').removesuffix("</code></pre>")
    without = re.sub(r'<span class="(?:comment|string|keyword|number|function)">([^<>]*)</span>', r"\1", inside)
    assert not set("<>") & set(without)
    assert html.unescape(without) == source


def test_code_in_backticks_is_code_and_all_else_is_escaped():
    assert inline("Of `a < b` & `c`: <b>") == "Of <code>a &lt; b</code> &amp; <code>c</code>: &lt;b&gt;"
    assert inline("a lone ` stays") == "a lone ` stays"

"""hmc.web.page.source_lines: each event of a transition is shown with the line of the sampler that does it."""

import inspect

import pytest

from hmc.sampler import chain, macro_step, nuts, static, step_size
from hmc.web.page import source_lines
from hmc.web.page.source_lines import PLACES, Place

MODULES = {
    f"hmc/sampler/{module.__name__.rpartition('.')[2]}.py": module
    for module in (chain, macro_step, nuts, static, step_size)
}


def of_function(place):
    """The lines of the function that Python itself imports, and the number of the first."""
    function = getattr(MODULES[place.file], place.function)
    return inspect.getsourcelines(getattr(function, "py_func", function))


@pytest.mark.parametrize("kind", PLACES)
def test_the_line_does_what_is_said_of_it(kind):
    found, place = source_lines.source_lines()[kind], PLACES[kind]
    lines, first = of_function(place)
    assert first <= found.first <= found.line <= found.last < first + len(lines)  # decorators come before the def
    assert lines[found.line - first].strip() == found.text
    assert place.code.partition("(")[0] in found.text
    assert found.text == source_lines.source_texts()[found.file].splitlines()[found.line - 1].strip()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"code": "leapfrog(hamiltonian, point, -reach.step_size)"}, "0 times in next_leaf of hmc/sampler/nuts.py"),
        ({"code": "flow"}, "stands 4 times in next_leaf"),
        ({"function": "triple"}, "hmc/sampler/nuts.py has 0 functions triple"),
    ],
)
def test_code_that_does_not_stand_there_once_is_an_error(monkeypatch, changes, says):
    monkeypatch.setitem(PLACES, "leaf", PLACES["leaf"]._replace(**changes))
    with pytest.raises(LookupError, match=says) as caught:
        source_lines.source_lines()
    assert str(caught.value).startswith("leaf: ")


def test_a_line_moves_with_its_file():
    place = Place("nuts.py", "f", "g(x)")
    text = "def f(x):\n    return g(x)\n"
    before = source_lines._found("kind", place, text)
    after = source_lines._found("kind", place, "\n\n# g(x)\n" + text.replace("g(x)", "h(\n        g( x )\n    )"))
    assert (before.line, before.text) == (2, "return g(x)")
    assert (after.line, after.text) == (6, "g( x )")

"""The documents agree with the code: what they link to exists, and their limits and lists are the code's."""

import ast
import importlib
import re
from functools import cache
from pathlib import Path

import pytest

import diagnostics
import hmc
from diagnostics.psis import k_threshold
from diagnostics.waic import HIGH_PENALTY
from hmc.results import export
from hmc.sampler.outcome import MAX_ENERGY_ERROR
from hmc.settings import METRICS

ROOT = Path(__file__).parents[1]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "diagnostics" / "README.md")
}
limits = importlib.import_module("diagnostics.verdict")  # the package has a function of that name

EVERY_PAGE = pytest.mark.parametrize("page", sorted(PAGES))
GLOSSARY = {
    word: " ".join(text.split())
    for entry in re.split(r"^- (?=\*\*)", PAGES["docs/glossary.md"], flags=re.MULTILINE)[1:]
    for word, text in [entry.removeprefix("**").split("**", 1)]
}


def links(page):
    """(label, path of the target, anchor) of all links of a page to files of the project."""
    for label, target in re.findall(r"\[([^\[\]]*)\]\(([^)\s]+)\)", PAGES[page]):
        if not target.startswith("https://"):
            path, _, anchor = target.partition("#")
            yield label, (ROOT / page).parent / path, anchor


def anchors(path):
    """The anchors of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@EVERY_PAGE
def test_every_link_has_a_target(page):
    for label, path, anchor in links(page):
        assert path.exists(), (label, path)
        assert not anchor or anchor in anchors(path), (label, anchor)


@cache
def defined(path):
    """The names that a file defines, at any depth."""
    nodes = list(ast.walk(ast.parse(path.read_bytes())))
    functions = {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    return functions | {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def missing(page):
    """The names that a page says are in a file of Python, and are not."""
    named = [(label, path) for label, path, _ in links(page) if path.suffix == ".py" and label.startswith("`")]
    return [(name, path) for name, path in named if "/" not in name and name.strip("`") not in defined(path.resolve())]


@EVERY_PAGE
def test_every_name_is_in_the_file_it_links_to(page):
    assert missing(page) == []


def test_a_name_that_is_elsewhere_is_noticed(monkeypatch):
    monkeypatch.setitem(PAGES, "docs/glossary.md", "[`turns`](../hmc/sampler/metric.py)")
    assert [name for name, _ in missing("docs/glossary.md")] == ["`turns`"]


@EVERY_PAGE
def test_every_path_in_the_text_exists(page):
    for path in re.findall(r"`((?:hmc|models|diagnostics|figures|tests|docs|benchmarks)/[\w/.]*)`", PAGES[page]):
        assert (ROOT / path).exists(), path


def test_the_glossary_explains_the_words_that_readers_meet():
    assert len(GLOSSARY) >= 30
    words = {"leaf", "doubling", "divergence", "E-BFMI", "k-hat", "U-turn", "Rhat", "metric", "warm-up", "Jacobian"}
    words |= {"weight", "span", "trunk", "whitened", "rho", "kernel", "seed", "static HMC"}
    assert words <= GLOSSARY.keys()
    assert all("](../" in text for text in GLOSSARY.values())  # each says where it lives


def numbers(word):
    """All numbers in an entry of the glossary."""
    text = re.sub(r"\]\(\S+\)|Rhat4|`[^`]*`", "", GLOSSARY[word])
    return {float(number.replace(",", "")) for number in re.findall(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?", text)}


def test_the_limits_of_the_glossary_are_those_of_the_verdict():
    assert numbers("Rhat") == {limits.RHAT, limits.RHAT_APART}
    assert {limits.ESS_PER_CHAIN, limits.ESS_USELESS} == numbers("effective sample size") - {5.0, 95.0}  # quantiles
    assert numbers("E-BFMI") == {1.0, limits.EBFMI}
    assert numbers("divergence") == {MAX_ENERGY_ERROR, 0.0, 100 * limits.DIVERGENT_SHARE}
    assert numbers("pWAIC") == {HIGH_PENALTY}
    assert numbers("k-hat") == {k_threshold(4000), 2200.0}
    assert k_threshold(2100) < k_threshold(2200) == k_threshold(4000)
    assert set(re.findall(r"`(\w+)`", GLOSSARY["metric"])) >= set(METRICS)


def test_the_defaults_of_the_glossary_are_those_of_sample():
    defaults = dict(zip(reversed(hmc.sample.__code__.co_varnames[:5]), reversed(hmc.sample.__defaults__), strict=False))
    defaults |= hmc.sample.__kwdefaults__
    assert numbers("warm-up") == {defaults["warmup"]}
    assert numbers("draw") == {defaults["draws"]}
    assert defaults["target_accept"] in numbers("acceptance rate")
    assert numbers("tree depth") == {defaults["max_depth"]}


def test_the_kinds_of_findings_are_those_of_the_code():
    table = PAGES["diagnostics/README.md"].split("## The verdict")[1].split("## Speed")[0]
    kinds = [kind for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for kind in re.findall(r"`(\w+)`", row)]
    assert sorted(kinds) == sorted([*diagnostics.findings.WORDS, *diagnostics.cautions.KINDS])


ARCHITECTURE = PAGES["docs/architecture.md"]


def modules(room):
    return {path.stem for path in (ROOT / room).glob("*.py")} - {"__init__", "__main__"}


def test_every_room_is_on_the_map():
    rooms = {path.parent for top in ("hmc", "models", "figures", "diagnostics") for path in (ROOT / top).rglob("*.py")}
    assert len(rooms) > 15
    for room in rooms:
        assert re.search(rf"`(\w+/)*{room.name}/`", ARCHITECTURE), room


@pytest.mark.parametrize("room", ["hmc", "hmc/jit", "hmc/results", "hmc/record", "hmc/web"])
def test_the_map_lists_the_files_of_a_room(room):
    (row,) = re.findall(rf"^\| `{room}/` \| (.*) \|$", ARCHITECTURE, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", row)) == modules(room)


def test_the_reading_order_names_every_file_of_the_sampler():
    assert [name for name in modules("hmc/sampler") if f"{name}.py" not in ARCHITECTURE] == []


def test_the_hints_of_errors_are_commands_of_the_documents():
    said = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "hmc").rglob("*.py"))
    hints = set(re.findall(r"pip install [^`\"\n]*", said))
    assert any("[arviz]" in hint for hint in hints)
    assert any("[dask]" in hint for hint in hints)
    shown = PAGES["README.md"] + PAGES["docs/clusters.md"]
    assert [hint for hint in hints if hint not in shown] == []
    assert "[arviz]" in export._INSTALL


def test_the_fast_subset_is_named_and_its_marker_exists():
    assert '-m pytest -q -n 2 --dist loadfile -m "not slow"' in PAGES["CONTRIBUTING.md"]
    assert 'markers = ["slow: ' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_citation_and_changelog_have_the_version():
    assert f"\nversion: {hmc.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\n## {hmc.__version__}\n" in PAGES["CHANGELOG.md"]

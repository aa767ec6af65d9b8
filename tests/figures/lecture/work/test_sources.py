"""figures.lecture.work.sources: which source files an item depends on."""

import shutil

import pytest

from figures.lecture.work import sources


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the project's code to edit, that `sources` looks at."""
    for package in sources.PACKAGES:
        shutil.copytree(sources.ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(sources, "ROOT", tmp_path)
    sources.forget()
    yield tmp_path
    sources.forget()


def edited(path):
    path.write_text(path.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    sources.forget()


def test_imports_are_found_wherever_they_stand_and_however_they_are_written(copy):
    (copy / "figures" / "probe.py").write_text(
        "import hmc.sampler.nuts\nimport numpy as np\nfrom figures.drawing import draws, style\n"
        "from models.cafes import CAFES\n"
        "def f():\n    from diagnostics.ess import ess_bulk\n    from . import dags\n"
        "    from .drawing.density import x\n"
        "if TYPE_CHECKING:\n    import hmc.fit\n"
    )
    found = [
        "diagnostics.ess",
        "figures.dags",
        "figures.drawing.density",
        "figures.drawing.draws",
        "figures.drawing.style",
        "hmc.sampler.nuts",
    ]
    assert sources.imports_of("figures.probe") == [*found, "models.cafes"]


def test_an_edit_at_second_hand_changes_the_digest_and_an_unrelated_one_does_not(copy):
    before, of_sampler = sources.digest("figures.dags"), sources.digest("hmc.sampling", "models.cafes")
    edited(copy / "figures" / "trolley.py")
    assert sources.digest("figures.dags") == before
    edited(copy / "figures" / "drawing" / "style.py")
    assert sources.digest("figures.dags") != before
    assert sources.digest("hmc.sampling", "models.cafes") == of_sampler
    edited(copy / "hmc" / "sampler" / "nuts.py")
    assert sources.digest("hmc.sampling", "models.cafes") != of_sampler


def test_data_count_where_models_do(copy):
    of_model, of_figure = sources.digest("models.cafes"), sources.digest("figures.dags")
    edited(copy / "models" / "data" / "cafes.csv")
    assert sources.digest("models.cafes") != of_model
    assert sources.digest("figures.dags") == of_figure


def test_modules_alone_count_without_what_they_import(copy):
    def digest():
        return sources.digest("figures.dags", alone=("figures.tadpoles.sweep",))

    before = digest()
    edited(copy / "diagnostics" / "psis.py")
    assert digest() == before
    edited(copy / "figures" / "tadpoles" / "sweep.py")
    assert digest() != before


def test_any_edit_changes_the_digest_of_all(copy):
    seen = {sources.digest_of_all()}
    for edit in ("hmc/sampler/nuts.py", "models/data/cafes.csv", "figures/lecture/page/templates/page.html"):
        edited(copy / edit)
        seen.add(sources.digest_of_all())
    assert len(seen) == 4

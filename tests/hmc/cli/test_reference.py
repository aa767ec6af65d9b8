"""`hmc reference`: what is written is a posteriordb, and its numbers are those of the model."""

import filecmp
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

import models
from diagnostics import verify
from hmc import cli
from hmc.cli import reference_files

NAMES = ("cafes", "m0")


@pytest.fixture(scope="module")
def packs(tmp_path_factory):
    """Two packs of the same seed, the first of two models."""
    folders = [tmp_path_factory.mktemp("pack") / "db" for _ in range(2)]
    assert cli.main(["reference", *NAMES, "--out", str(folders[0])]) == 0
    assert cli.main(["reference", "cafes", "--out", str(folders[1])]) == 0
    return folders


def read(path):
    return json.loads(Path(path).read_text(encoding="utf-8"))


def reference_draws(pack, name):
    with zipfile.ZipFile(pack / f"reference_posteriors/draws/draws/{name}.json.zip") as archive:
        return json.loads(archive.read(f"{name}.json"))


def files(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def test_the_same_seed_writes_the_same_bytes(packs):
    one, other = packs
    assert {path for path in files(one) if "cafes" in path.name} == {*files(other)}
    for path in files(other):
        assert filecmp.cmp(one / path, other / path, shallow=False), path


@pytest.mark.parametrize("name", NAMES)
def test_draws_are_of_the_exact_posterior(packs, name):
    chains = reference_draws(packs[0], name)
    exact = read(packs[0] / f"reference_posteriors/exact/{name}.json")
    known = {
        label: tuple(of[key] for key in ("mean", "sd", "q5.5", "q94.5")) for label, of in exact["parameters"].items()
    }
    assert known == models.exact.exact_values(name)
    assert 0.0 < exact["error"]["mean"] <= exact["error"]["q5.5"] < 1e-3
    draws = {label: np.array([chain[label] for chain in chains]) for label in known}
    assert {values.shape for values in draws.values()} == {(10, 1000)}
    assert verify(draws, known).consistent
    label = next(iter(draws))
    assert not verify(draws | {label: draws[label] + 0.1 * known[label][1]}, known).consistent


@pytest.mark.parametrize("name", NAMES)
def test_draws_pass_posteriordbs_criteria(packs, name):
    info = read(packs[0] / f"reference_posteriors/draws/info/{name}.info.json")
    assert all(info["checks_made"].values())
    assert len(info["diagnostics"]["r_hat"]) == len(info["diagnostics"]["diagnostic_information"]["names"])
    assert info["diagnostics"]["diagnostic_information"]["names"] == [*reference_draws(packs[0], name)[0]]


def test_bounds_hold_independent_draws_and_no_others():
    rng = np.random.default_rng(3)
    from diagnostics import ess_bulk, ess_tail

    independent = rng.standard_normal((10, 1000, 20))
    (bulk_low, bulk_high), (tail_low, tail_high) = reference_files.ess_bounds(20)
    assert ((bulk_low < ess_bulk(independent)) & (ess_bulk(independent) < bulk_high)).all()
    assert ((tail_low < ess_tail(independent)) & (ess_tail(independent) < tail_high)).all()
    sticky = independent.copy()
    sticky[:, 1:] += 0.2 * independent[:, :-1]
    assert (ess_bulk(sticky) < bulk_low).all()


def test_densities_are_those_of_the_model(packs):
    found = read(packs[0] / "densities/cafes.json")
    model = models.cafes()
    assert len(found["positions"]) == 20
    for point in found["positions"]:
        value, gradient = model.evaluate(point["unconstrained"])
        assert (point["log_density"], point["gradient"]) == (value, gradient.tolist())
        np.testing.assert_allclose(model.unconstrain(point["values"]), point["unconstrained"], rtol=1e-12, atol=1e-12)


def test_posteriordb_reads_it(packs):
    posteriordb = pytest.importorskip("posteriordb", reason="needs posteriordb: pip install -e '.[test]'")
    database = posteriordb.PosteriorDatabase(str(packs[0]))
    assert {*database.posterior_names()} == {*database.model_names()} == {*NAMES}
    posterior = database.posterior("cafes")
    assert posterior.data.values()["wait"] == models.cafes().data.wait.tolist()
    assert "Poisson" in posterior.model.code("rethinking-hmc")
    draws = posterior.reference_draws()
    assert (len(draws), len(draws[0]["sigma"])) == (10, 1000)
    assert posterior.reference_draws_info()["checks_made"]["ndraws_is_10k"]
    sizes = posterior.information["dimensions"]
    assert sum(sizes.values()) == len(draws[0])


def test_verify_takes_its_draws(packs, capsys):
    path = packs[0] / "reference_posteriors/draws/draws/m0.json.zip"
    assert cli.main(["verify", "m0", str(path)]) == 0
    assert "consistent with the exact posterior" in capsys.readouterr().out


def test_draws_that_fail_a_criterion_are_named(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(reference_files, "THIN", 1)  # so that draws are not independent
    monkeypatch.setattr(reference_files, "WARMUP", 100)
    assert cli.main(["reference", "m0", "--out", str(tmp_path)]) == 1
    assert "m0: fails ess_within_bounds" in capsys.readouterr().out


def test_unknown_names_are_refused_before_anything_is_written(tmp_path, capsys):
    assert cli.main(["reference", "mst", "--out", str(tmp_path / "db")]) == 1
    assert "did you mean mST?" in capsys.readouterr().err
    assert not (tmp_path / "db").exists()


def test_every_exact_posterior_has_an_error_bound():
    for name in models.names():
        assert (models.exact.exact_values(name) is None) == (models.exact.exact_error(name) is None)

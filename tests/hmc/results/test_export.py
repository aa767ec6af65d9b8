"""Fits in other programs' hands: the same numbers, under the names that those programs look for."""

import warnings

import numpy as np
import pandas as pd
import pytest

import diagnostics
import hmc
from hmc import cli
from hmc.errors import Failure, Remark
from hmc.results import archive, export
from hmc.results.fit import Fit
from hmc.sampler.outcome import DIVERGENCE
from tests.hmc.helpers import running

STATS = ["lp", "acceptance_rate", "step_size", "tree_depth", "n_steps", "diverging", "energy", "reached_max_treedepth"]
# Enough for autocorrelations to die within half a chain: where they do not, ArviZ sums two lags more than R and we.
DRAWS = 200


@pytest.fixture(scope="module")
def arviz():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ArviZ's own news
        return pytest.importorskip("arviz", reason="needs ArviZ: pip install -e '.[arviz]'")


@pytest.fixture(scope="module")
def fit():
    model = running.grouped_model(log_likelihood=running.log_likelihood, derived=running.derived)
    return hmc.sample(model, chains=3, warmup=60, draws=DRAWS, workers=1, keep_warmup=True)


def made(*parameters, chains=2, draws=5, **content):
    """A fit of draws that no sampler made, of any parameters."""
    rng = np.random.default_rng(1)
    flag = np.zeros((chains, draws), bool)
    stats = {name: flag if name in ("diverging", "reached_max_treedepth") else flag.astype(float) for name in STATS}
    settings = {"seed": 2**70, "warmup": 0, "initial": None, "keep_warmup": False, "metric": "diag"}
    given = {"stats": stats | {"termination": flag.astype(int)}, "settings": settings, "chains": list(range(chains))}
    given |= {"warmup_stats": {}, "warmup": None, "inverse_metric": None, "failures": [], "interrupted": False}
    size = sum(p.free for p in parameters)
    given |= {
        "ragged": {},
        "seconds": 1.0,
        "unconstrained": rng.normal(size=(chains, draws, size)),
        "known_derived": {},
    }
    given |= {"snapshots": None, "identity": None}
    return Fit(name="made", parameters=parameters, **(given | content))


def group(tree, name):
    """A group of either container as a Dataset."""
    found = tree[name]
    return found.to_dataset() if hasattr(found, "to_dataset") else found


def groups(tree):
    """Names of the groups of either container."""
    return {*(tree.children if hasattr(tree, "children") else tree._groups_all)}


def read_csv(path):
    """{column: numbers} of a file, read as Python reads numbers: to the last bit."""
    table = pd.read_csv(path, dtype=str)
    return {name: table[name].map({"True": 1.0, "False": 0.0}.get).fillna(table[name]).astype(float) for name in table}


def assert_same_groups(left, right):
    import xarray as xr

    assert groups(left) == groups(right)
    for name in groups(left):
        xr.testing.assert_identical(group(left, name).load(), group(right, name).load())


# The table.


def test_frame_has_a_row_per_draw_and_the_columns_of_precis(fit):
    frame = fit.to_frame()
    assert [*frame.columns] == [*diagnostics.precis(fit, depth=2).index]
    assert frame.index.names == ["chain", "draw"]
    assert [*frame.index] == [(chain, draw) for chain in range(3) for draw in range(DRAWS)]
    assert frame.loc[(2, 7), "a[3]"] == fit["a"][2, 7, 2]
    assert frame.loc[(1, 0), "tau"] == fit["tau"][1, 0]
    assert running.equal_bits(frame["pair[2]"].to_numpy().reshape(3, DRAWS), fit["pair"][:, :, 1])


def test_frame_marks_the_samplers_statistics_as_stan_does(fit):
    frame = fit.to_frame(stats=True)
    assert [*frame.columns[7:]] == [f"{name}__" for name in [*STATS, "termination"]]
    assert [*frame.columns[:7]] == [*fit.to_frame().columns]
    assert frame["diverging__"].dtype == bool
    assert frame.loc[(2, 49), "lp__"] == fit.stats["lp"][2, 49]


def test_frame_names_elements_of_a_matrix_and_keeps_quantities_apart_from_its_index():
    fit = made(hmc.Parameter("m", (2, 2)), hmc.Parameter("chain"), chains=3)
    fit.chains = [0, 2, 5]
    frame = fit.to_frame()
    assert [*frame.columns] == ["m[1,1]", "m[1,2]", "m[2,1]", "m[2,2]", "chain_"]
    assert frame.loc[(5, 4), "m[2,1]"] == fit["m"][2, 4, 1, 0]
    assert frame.groupby("chain")["chain_"].mean().index.to_list() == [0, 2, 5]


def test_no_column_of_a_frame_is_lost_to_another_of_its_name():
    derived = {"a[1]": np.full((2, 5), 99.0), "a[1]_": np.full((2, 5), 98.0)}
    names = ("chain", "chain_", "energy__", "draw__")
    fit = made(*map(hmc.Parameter, names), hmc.Parameter("a", (2,)), known_derived=derived)
    frame = fit.to_frame(stats=True)
    called = ["chain__", "chain_", "energy___", "draw__", "a[1]", "a[2]", "a[1]__", "a[1]_"]
    assert [*frame.columns] == called + [f"{name}__" for name in [*STATS, "termination"]]
    assert [*fit.to_frame().columns] == called
    expected = [*fit.unconstrained.reshape(10, 6).T, np.full(10, 99.0), np.full(10, 98.0)]
    assert np.array_equal(frame[called].to_numpy().T, expected)
    assert np.array_equal(frame["energy__"], fit.stats["energy"].ravel())


def test_csv_gives_the_draws_back_to_the_last_bit(fit, tmp_path):
    export.write(fit, tmp_path / "fit.csv")
    back, frame = read_csv(tmp_path / "fit.csv"), fit.to_frame(stats=True).reset_index()
    assert [*back] == [*frame.columns]
    assert all(running.equal_bits(back[name].to_numpy(), frame[name].to_numpy(float)) for name in back)


# The groups of ArviZ.


def test_groups_hold_the_fit_under_the_schemas_names(arviz, fit):
    tree = fit.to_arviz(observed="y")
    assert groups(tree) == {
        "posterior",
        "unconstrained_posterior",
        "sample_stats",
        "log_likelihood",
        "observed_data",
        "constant_data",
        "warmup_posterior",
        "warmup_sample_stats",
    }
    posterior = group(tree, "posterior")
    assert [*posterior.data_vars] == fit.keys() == ["a", "tau", "total", "pair"]
    assert posterior["a"].dims == ("chain", "draw", "a_dim_0")
    assert posterior["tau"].dims == ("chain", "draw")
    assert all(running.equal_bits(posterior[name].values, fit[name]) for name in fit)
    assert [*posterior["chain"].values] == [0, 1, 2]
    assert [*posterior["draw"].values] == [*range(DRAWS)]
    assert [*posterior["a_dim_0"].values] == [0, 1, 2]
    assert [*group(tree, "unconstrained_posterior").data_vars] == ["tau"]
    assert running.equal_bits(group(tree, "unconstrained_posterior")["tau"].values, fit.unconstrained[..., 3])
    stats = group(tree, "sample_stats")
    assert [*stats.data_vars] == [*STATS, "termination"]
    assert (stats["diverging"].dtype, stats["n_steps"].dtype, stats["lp"].dtype) == (bool, np.int64, np.float64)
    assert running.equal_bits(stats["energy"].values, fit.stats["energy"])
    words = stats["termination"].attrs["flag_meanings"].split()
    assert words[stats["termination"].attrs["flag_values"].index(DIVERGENCE)] == "divergence"
    assert running.equal_bits(group(tree, "log_likelihood")["y"].values, fit.log_likelihood)
    assert group(tree, "log_likelihood")["y"].dims[2:] == group(tree, "observed_data")["y"].dims == ("y_dim_0",)
    assert [*group(tree, "constant_data").data_vars] == ["group", "scale", "count"]
    assert running.equal_bits(group(tree, "warmup_posterior")["a"].values, fit.warmup[..., :3])
    assert running.equal_bits(group(tree, "warmup_posterior")["tau"].values, fit.model.constrain(fit.warmup)["tau"])
    assert group(tree, "warmup_sample_stats")["lp"].shape == (3, 60)


def test_walnuts_has_two_statistics_more_and_an_end_of_its_own(arviz, tmp_path):
    how = {"algorithm": "walnuts", "tolerance": 0.05, "chains": 2, "warmup": 60, "draws": 50, "workers": 1}
    fit = hmc.sample(running.grouped_model(), keep_warmup=True, **how)
    tree = fit.to_arviz()
    stats = group(tree, "sample_stats")
    for name in ("irreversible", "micro_steps", "n_steps", "diverging"):
        np.testing.assert_array_equal(stats[name], fit.stats[name])
    assert {*stats} == {*group(tree, "warmup_sample_stats")} == {*fit.stats}
    flags, meanings = (stats["termination"].attrs[f"flag_{key}"] for key in ("values", "meanings"))
    assert dict(zip(flags, meanings.split(), strict=True))[6] == "irreversible"
    assert (fit.stats["termination"] == 6).any()
    columns = fit.to_frame(stats=True).columns
    assert {"irreversible__", "micro_steps__"} < {*columns}
    fit.save(tmp_path / "walnuts.fit")
    loaded = hmc.load(tmp_path / "walnuts.fit")
    assert loaded.settings["tolerance"] == 0.05
    assert running.same_run(loaded, fit)


def test_attributes_tell_how_the_draws_came_about_and_nothing_of_when(arviz, fit):
    tree = fit.to_arviz()
    for found in (tree.attrs, group(tree, "posterior").attrs):
        assert found["inference_library"] == "rethinking-hmc"
        assert found["inference_library_version"] == fit.version
        assert (found["model_name"], found["tuning_steps"], found["seed"]) == ("grouped", 60, "12")
        assert found["sampling_time"] == fit.seconds
        assert (found["metric"], found["target_accept"], found["interrupted"]) == ("auto", 0.8, 0)
        assert not {"created_at", "failures", "initial"} & set(found)
    assert group(tree, "sample_stats").attrs.keys() == {"inference_library", "inference_library_version"}
    assert_same_groups(tree, fit.to_arviz())


def test_container_is_the_one_that_this_arviz_takes(arviz, fit):
    import xarray as xr

    old = arviz.__version__.startswith("0.")
    assert isinstance(fit.to_arviz(), arviz.InferenceData if old else xr.DataTree)


def test_simplexes_and_matrices_are_named_on_both_scales(arviz):
    fit = made(hmc.Parameter("s", (2, 3), hmc.simplex), hmc.Parameter("o", (2,), hmc.ordered), hmc.Parameter("r"))
    tree = fit.to_arviz(dims={"s": ["row", "part"], "o": "cut"}, coords={"part": ["x", "y", "z"], "cut": [5, 6]})
    posterior, free = group(tree, "posterior"), group(tree, "unconstrained_posterior")
    assert [*posterior["s"].sel(part="y", row=1, chain=1).values] == [*fit["s"][1, :, 1, 1]]
    np.testing.assert_allclose(posterior["s"].sum("part"), 1.0, rtol=1e-14)
    assert set(free.data_vars) == {"s", "o"}
    assert free["s"].dims == ("chain", "draw", "row", "part_free")
    assert free["s"].shape == (2, 5, 2, 2)
    assert running.equal_bits(free["s"].values[:, :, 1], fit.unconstrained[..., 2:4])
    assert running.equal_bits(free["o"].sel(cut=6).values, fit.unconstrained[..., 5])


def test_lost_chains_keep_their_numbers_and_their_reason(arviz):
    failures = [Failure(1, 17, "interrupted before its first draw")]
    tree = made(hmc.Parameter("x"), chains=2, failures=failures, interrupted=True).to_arviz()
    assert tree.attrs["failures"] == "chain 1, iteration 17: interrupted before its first draw"
    assert tree.attrs["interrupted"] == 1
    assert "remarks" not in tree.attrs
    remark = Remark(1, "raised", 14.0, "ValueError: x")
    assert made(hmc.Parameter("x"), remarks=[remark]).to_arviz().attrs["remarks"] == f"chain 1: {remark.text}"
    fit = made(hmc.Parameter("x"))
    fit.chains = [0, 2]
    assert [*group(fit.to_arviz(), "sample_stats")["chain"].values] == [0, 2]


def test_names_of_dimensions_are_kept_from_quantities(arviz):
    names = ("draw", "a", "a_dim_0", "draw_")
    fit = made(*map(hmc.Parameter, names, [(), (2,), (), ()], [hmc.real, hmc.real, hmc.positive, hmc.real]))
    posterior = group(fit.to_arviz(), "posterior")
    assert set(posterior.data_vars) == {"draw__", "a", "a_dim_0_", "draw_"}
    assert running.equal_bits(posterior["draw__"].values, fit["draw"])
    assert running.equal_bits(posterior["draw_"].values, fit["draw_"])
    assert [*posterior["draw"].values] == [*range(5)]


def test_a_loaded_fit_gives_what_does_not_need_its_model(arviz, fit, tmp_path):
    fit.save(tmp_path / "a.fit")
    loaded = hmc.load(tmp_path / "a.fit").to_arviz()
    assert groups(fit.to_arviz()) - groups(loaded) == {"constant_data"}
    assert running.equal_bits(group(loaded, "posterior")["pair"].values, fit["pair"])
    with pytest.raises(ValueError, match=r"grouped: observed = 'y' .* a fit without its model has no data"):
        hmc.load(tmp_path / "a.fit").to_arviz(observed="y")


def test_many_log_likelihoods_come_if_they_are_asked_for(arviz, fit, monkeypatch):
    monkeypatch.setattr(archive, "_MANY_VALUES", 3 * DRAWS * 12 - 1)
    monkeypatch.setattr(fit, "known_log_likelihood", None)
    assert "log_likelihood" not in groups(fit.to_arviz())
    asked = fit.to_arviz(log_likelihood=True)
    assert running.equal_bits(group(asked, "log_likelihood")["log_likelihood"].values, fit.log_likelihood)
    assert "log_likelihood" in groups(fit.to_arviz())
    assert "log_likelihood" not in groups(fit.to_arviz(log_likelihood=False))
    without = made(hmc.Parameter("x"), model=running.grouped_model())
    assert "log_likelihood" not in groups(without.to_arviz())
    with pytest.raises(ValueError, match="grouped has no log_likelihood function"):
        without.to_arviz(log_likelihood=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"observed": "z"}, r"grouped: observed = 'z' is not a field .* its fields are y, group, scale, count"),
        ({"dims": {"b": ["tank"]}}, "grouped: dims has 'b', which is none of a, count, group, log_likelihood, p"),
        ({"dims": {"a": ["i", "j"]}}, r"grouped: dims gives a 2 dimensions; in posterior it has 1"),
        ({"coords": {"tank": [1, 2, 3]}}, r"grouped: coords has 'tank', which no variable has"),
        (
            {"dims": {"a": "tank"}, "coords": {"tank": [1, 2]}},
            r"grouped: posterior: coords\['tank'\] = \[1, 2\] has 2 labels, but a has 3 elements there",
        ),
        (
            {"dims": {"a": "i", "pair": "i"}},
            "grouped: posterior: dims has i for a and pair, of 3 and 2 elements",
        ),
        ({"observed": 3}, "grouped: observed = 3 is neither a text nor a list of texts"),
        ({"observed": ["y", None]}, r"grouped: observed = \['y', None\] is neither"),
        ({"dims": ["a"]}, r"grouped: dims = \['a'\] is not a dict"),
        ({"dims": {"a": None}}, r"grouped: dims\['a'\] = None is neither a text nor a list of texts"),
        ({"dims": {"a": [3]}}, r"grouped: dims\['a'\] = \[3\] is neither a text nor a list of texts"),
        ({"dims": {"a": ["draw"]}}, r"grouped: dims\['a'\] = \['draw'\]: draw is the dimension of all draws"),
        ({"dims": {"a": ["i", "i"]}}, r"grouped: dims\['a'\] = \['i', 'i'\]: i stands there twice"),
        ({"dims": {"a": "i"}, "coords": [1]}, r"grouped: coords = \[1\] is not a dict"),
        ({"dims": {"a": "i"}, "coords": {"i": "abc"}}, r"grouped: coords\['i'\] = 'abc' is not a list of labels"),
        ({"dims": {"a": "i"}, "coords": {"i": 3}}, r"grouped: coords\['i'\] = 3 is not a list of labels"),
        ({"dims": {"a": "i"}, "coords": {"i": np.eye(3)}}, r"grouped: coords\['i'\] = array.* is not a list of labels"),
        (
            {"dims": {"a": "i"}, "coords": {"i": [[1], [2, 3], 4]}},
            r"grouped: coords\['i'\] = .* is not a list of labels",
        ),
    ],
)
def test_names_that_do_not_fit_are_refused_in_one_line(arviz, fit, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        fit.to_arviz(**options)
    assert "\n" not in str(caught.value)


def test_names_and_labels_may_come_in_any_list(arviz, fit):
    for several, labels in ((["site"], pd.Index([7, 8, 9])), (("site",), (7, 8, 9)), ("site", np.arange(7, 10))):
        posterior = group(fit.to_arviz(observed=("y",), dims={"a": several}, coords={"site": labels}), "posterior")
        assert posterior["a"].dims == ("chain", "draw", "site")
        assert posterior["site"].values.tolist() == [7, 8, 9]


# What ArviZ makes of it.


def test_arviz_and_we_agree_on_convergence(arviz, fit):
    # Not `pair`, of which one is constant: we say that nothing was learnt of it, and ArviZ that all is known.
    names = ["a", "tau", "total"]
    posterior = group(fit.to_arviz(), "posterior")[names]

    def largest_difference(theirs, ours):
        return max(np.max(np.abs(theirs[name].values / ours(fit[name]) - 1)) for name in names)

    # The same arithmetic in another order.
    assert largest_difference(arviz.rhat(posterior), diagnostics.rhat) < 1e-10
    assert largest_difference(arviz.ess(posterior, method="bulk"), diagnostics.ess_bulk) < 1e-10
    assert largest_difference(arviz.ess(posterior, method="tail", prob=(0.05, 0.95)), diagnostics.ess_tail) < 1e-10
    assert largest_difference(arviz.mcse(posterior, method="mean"), diagnostics.mcse_mean) < 1e-10
    assert largest_difference(arviz.rhat(posterior), diagnostics.ess_bulk) > 0.1


def test_arviz_and_we_agree_on_leave_one_out(arviz, fit):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of k-hats: the draws are few
        theirs = arviz.loo(fit.to_arviz(observed="y"), pointwise=True, reff=1.0)
        ours = diagnostics.psis_loo(fit.log_likelihood, 1.0)
    elpd = theirs.elpd_loo if arviz.__version__.startswith("0.") else theirs.elpd
    # ArviZ 1 rounds the number of smoothed weights down, and ArviZ 0 leaves out those that equal the smallest (a chain
    # that stays where it is has equal ones); we and R round up, and take exactly so many.
    assert elpd == pytest.approx(ours.elpd_loo, rel=1e-3)
    assert elpd != pytest.approx(diagnostics.waic(fit.log_likelihood).elpd_waic, rel=1e-3)


def test_arviz_draws_and_tabulates_our_fits(arviz, fit):
    import matplotlib

    matplotlib.use("agg")
    tree = fit.to_arviz()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ArviZ's own, of the versions of what it uses
        table = arviz.summary(tree)
        assert [*table.index] == ["a[0]", "a[1]", "a[2]", "tau", "total", "pair[0]", "pair[1]"]
        for plot in (arviz.plot_energy, arviz.plot_forest, arviz.plot_rank):
            plot(tree)
    matplotlib.pyplot.close("all")


# Files.


def test_netcdf_gives_back_all_groups(arviz, fit, tmp_path):
    tree = fit.to_arviz()
    tree.to_netcdf(str(tmp_path / "theirs.nc"))
    export.write(fit, tmp_path / "ours.nc")
    for name in ("theirs.nc", "ours.nc"):
        back = arviz.from_netcdf(str(tmp_path / name))
        assert_same_groups(back, tree)
        assert dict(back.attrs) == dict(tree.attrs)
        back.close()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ours.nc", "theirs.nc"]


def test_the_tree_of_new_versions_is_the_same_in_a_file(arviz, fit, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "_is_old_arviz", lambda: False)
    tree = fit.to_arviz()
    assert tree.name == "grouped"
    assert {*tree["posterior"].data_vars} == {*fit}
    export.write(fit, tmp_path / "tree.nc")
    back = arviz.from_netcdf(str(tmp_path / "tree.nc"))
    monkeypatch.undo()
    assert_same_groups(back, fit.to_arviz())
    back.close()


def test_seeds_beyond_netcdfs_numbers_and_names_beyond_ascii_survive_the_file(arviz, tmp_path):
    export.write(made(hmc.Parameter("x"), hmc.Parameter("ñ", (), hmc.positive)), tmp_path / "a.nc")
    back = arviz.from_netcdf(str(tmp_path / "a.nc"))
    assert back.attrs["seed"] == str(2**70)
    assert [*group(back, "posterior").data_vars] == ["x", "ñ"]
    back.close()


def test_failed_netcdf_leaves_nothing_behind(tmp_path, monkeypatch):
    class Container(dict):  # of groups
        def to_netcdf(self, path):
            with open(path, "wb") as file:
                file.write(b"half of it")
            raise ValueError("no such name")

    monkeypatch.setattr(Fit, "to_arviz", lambda fit, log_likelihood: Container())
    with pytest.raises(ValueError, match="no such name"):
        export.write(made(hmc.Parameter("a")), tmp_path / "x.nc")
    assert not [*tmp_path.iterdir()]


def test_names_that_netcdf_cannot_hold_are_mended_and_stay_apart(arviz):
    names = {"a/b": "a_b_", "a_b": "a_b", "/": "_", ".x": "_.x", "x ": "x", "t\tb": "t_b", "é": "é"}
    tree = made(*(hmc.Parameter(name, (2,)) for name in names)).to_arviz()
    assert {*group(tree, "posterior").data_vars} == {*names.values()}


# The command.

COMMAND = ["fit", "mSTnomem", "--chains", "2", "--warmup", "100", "--draws", "30", "--workers", "1"]


def test_the_ending_of_out_decides_the_format(arviz, tmp_path, capsys):
    assert [cli.main([*COMMAND, "--out", str(tmp_path / f"a{end}")]) for end in (".nc", ".csv", ".fit")] == [0, 0, 0]
    saved = hmc.load(tmp_path / "a.fit")
    columns = read_csv(tmp_path / "a.csv")
    back = arviz.from_netcdf(str(tmp_path / "a.nc"))
    assert running.equal_bits(columns["a[48]"].to_numpy().reshape(2, 30), saved["a"][..., 47])
    assert running.equal_bits(group(back, "posterior")["a"].values, saved["a"])
    back.close()


def test_without_arviz_one_line_says_what_to_install_before_anything_is_sampled(fit, capsys, monkeypatch):
    monkeypatch.setattr(export.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(hmc, "sample", None)
    assert cli.main([*COMMAND, "--out", "a.nc"]) == 1
    assert capsys.readouterr().err == "hmc: a.nc: NetCDF needs ArviZ: pip install -e '.[arviz]'\n"
    with pytest.raises(ImportError) as caught:
        fit.to_arviz()
    assert str(caught.value) == "to_arviz needs ArviZ: pip install -e '.[arviz]'"
    assert fit.to_frame().shape == (3 * DRAWS, 7)

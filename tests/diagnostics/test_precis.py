"""The table of a posterior."""

import re

import numpy as np
import pytest

import diagnostics as d
from diagnostics.precis import element_labels, percentage


@pytest.fixture
def fit():
    rng = np.random.default_rng(12)
    return {
        "a": rng.normal(size=(4, 100, 3)) + np.arange(3),
        "b": rng.normal(size=(4, 100, 2, 2)),
        "a_bar": rng.normal(size=(4, 100)),
        "sigma": rng.exponential(size=(4, 100)),
    }


def test_depth_one_shows_scalars_and_notes_what_it_hides(fit):
    frame = d.precis(fit)
    assert list(frame.index) == ["a_bar", "sigma"]
    assert list(frame.columns) == ["mean", "sd", "5.5%", "94.5%", "n_eff", "Rhat4"]
    assert frame.attrs["note"] == "7 vector or matrix parameters hidden; use depth=2"


def test_depth_two_shows_every_element_counted_from_one_in_the_fits_order(fit):
    frame = d.precis(fit, depth=2)
    assert list(frame.index) == [
        "a[1]",
        "a[2]",
        "a[3]",
        "b[1,1]",
        "b[1,2]",
        "b[2,1]",
        "b[2,2]",
        "a_bar",
        "sigma",
    ]
    assert "note" not in frame.attrs


def test_row_is_the_statistics_of_its_own_draws(fit):
    frame = d.precis(fit, depth=2, tail_ess=True, mcse=True)
    for label, x in {
        "a[3]": fit["a"][:, :, 2],
        "b[2,1]": fit["b"][:, :, 1, 0],
        "sigma": fit["sigma"],
    }.items():
        expected = {
            "mean": x.mean(),
            "sd": x.std(ddof=1),
            "5.5%": np.quantile(x, 0.055),
            "94.5%": np.quantile(x, 0.945),
            "n_eff": d.ess_bulk(x),
            "Rhat4": d.rhat(x),
            "ess_tail": d.ess_tail(x),
            "mcse_mean": d.mcse_mean(x),
            "mcse_sd": d.mcse_sd(x),
        }
        assert list(frame.columns) == list(expected)
        np.testing.assert_allclose(frame.loc[label], list(expected.values()), rtol=1e-12)


def test_columns_are_what_r_gives_in_every_case(r_draws, r_posterior):
    columns = {
        "mean": "mean",
        "sd": "sd",
        "5.5%": "PI89_lo",
        "94.5%": "PI89_hi",
        "n_eff": "ess_bulk",
        "Rhat4": "rhat",
    }
    for case, draws in r_draws.items():
        if case in ("tiny_4x3", "each_chain_constant"):
            columns_here = {
                "mean": "mean",
                "sd": "sd",
                "5.5%": "PI89_lo",
                "94.5%": "PI89_hi",
            }  # see test_against_r
        else:
            columns_here = columns
        row = d.precis({"x": draws}).loc["x"]
        for ours, theirs in columns_here.items():
            value = r_posterior["posterior_1_7_1"][case][theirs]
            expected = np.nan if value is None else float(value)
            # large_offset: an sd of 1e-3 about 1e6 has 7 digits.
            tolerance = 1e-6 if case == "large_offset" else 1e-8
            np.testing.assert_allclose(row[ours], expected, rtol=tolerance, err_msg=f"{case} {ours}")


def test_interval_names_follow_its_probability(fit):
    assert list(d.precis(fit, prob=0.9).columns[2:4]) == ["5%", "95%"]
    assert list(d.precis(fit, prob=0.95).columns[2:4]) == ["2.5%", "97.5%"]
    assert list(d.precis(fit, prob=0.5).columns[2:4]) == ["25%", "75%"]
    np.testing.assert_allclose(d.precis(fit, prob=0.5).loc["sigma", "25%"], np.quantile(fit["sigma"], 0.25), rtol=1e-14)
    assert percentage(0.0005) == "0.05%"


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("a", ["a[1]", "a[2]", "a[3]"]),
        ("a[2]", ["a[2]"]),
        ("a.*", ["a[1]", "a[2]", "a[3]", "a_bar"]),
        ([r"b\[1,.\]", "sigma"], ["b[1,1]", "b[1,2]", "sigma"]),
        ("a_bar|sigma", ["a_bar", "sigma"]),
    ],
)
def test_selection_by_name_element_or_expression_ignores_the_depth(selection, expected, fit):
    frame = d.precis(fit, parameters=selection)
    assert list(frame.index) == expected
    np.testing.assert_allclose(frame, d.precis(fit, depth=2).loc[expected], rtol=1e-12)


def test_selection_of_nothing_is_refused_with_the_names_there_are(fit):
    every = list(d.precis(fit, depth=2).index)
    first, last = every[0], max((label for label in every if label.startswith("a[")), key=every.index)
    for wrong in ("c", "a[0]"):  # elements are counted from 1, which the message shows
        said = re.escape(f"no parameter matches {wrong!r}; the fit has {first} to {last}, ") + ".*, a_bar, sigma$"
        with pytest.raises(ValueError, match=said):
            d.precis(fit, parameters=["a", wrong])
    with pytest.raises(ValueError, match=r"'\(' is not a regular expression"):
        d.precis(fit, parameters="(")


@pytest.mark.parametrize("nameless", [np.zeros((4, 100)), [[1.0, 2.0]], None, 3.0])
def test_draws_without_a_name_are_refused_with_an_example(nameless):
    with pytest.raises(ValueError, match=r'draws by name, precis\(\{"x": draws\}\); this is a'):
        d.precis(nameless)


@pytest.mark.parametrize("depth", [0, 3, "2", None])
def test_other_depths_are_refused(depth, fit):
    with pytest.raises(ValueError, match="depth 1"):
        d.precis(fit, depth=depth)


@pytest.mark.parametrize("prob", [0, 1, -0.5, 89, np.nan])
def test_impossible_intervals_are_refused(prob, fit):
    with pytest.raises(ValueError, match="probability between 0 and 1"):
        d.precis(fit, prob=prob)


def test_fit_of_vectors_only_gives_an_empty_table_that_says_so(fit):
    frame = d.precis({"a": fit["a"]})
    assert frame.shape == (0, 6)
    assert frame.attrs["note"].startswith("3 vector")


def test_extra_columns_of_an_empty_table_are_there(fit):
    assert d.precis({"a": fit["a"]}, tail_ess=True, mcse=True).shape == (0, 9)


def test_constant_and_undefined_draws_show_as_nan(fit):
    fit["fixed"] = np.full((4, 100), 0.1)
    fit["lost"] = np.full((4, 100), np.nan)
    frame = d.precis(fit)
    assert frame.loc["fixed", "sd"] == 0
    assert frame.loc["fixed", ["n_eff", "Rhat4"]].isna().all()
    assert frame.loc["lost"].isna().all()
    assert frame.loc["sigma"].notna().all()


def test_only_keys_and_items_are_asked_of_a_fit(fit):
    class Bare:
        def keys(self):
            return fit.keys()

        def __getitem__(self, name):
            return fit[name]

    np.testing.assert_array_equal(d.precis(Bare(), depth=2), d.precis(fit, depth=2))


def test_labels_run_through_the_last_index_fastest():
    assert element_labels("x", ()) == ["x"]
    assert element_labels("x", (2,)) == ["x[1]", "x[2]"]
    assert element_labels("x", (1, 2, 2)) == ["x[1,1,1]", "x[1,1,2]", "x[1,2,1]", "x[1,2,2]"]


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        ({"a": (2,), "a[1]": ()}, ["a[1]", "a[2]", "a[1]_"]),
        ({"a[1]": (), "a": (2,)}, ["a[1]", "a[1]_", "a[2]"]),
        ({"a": (1,), "a[1]": (), "a[1]_": ()}, ["a[1]", "a[1]__", "a[1]_"]),
        ({"b": (1, 2), "b[1,2]": (), "c": ()}, ["b[1,1]", "b[1,2]", "b[1,2]_", "c"]),
    ],
)
def test_every_row_has_a_label_of_its_own(shapes, expected):
    rng = np.random.default_rng(3)
    fit = {name: rng.normal(size=(2, 50, *shape)) for name, shape in shapes.items()}
    frame = d.precis(fit, depth=2)
    assert list(frame.index) == expected
    every = np.concatenate([x.reshape(100, -1) for x in fit.values()], axis=1)
    np.testing.assert_allclose(frame["mean"], every.mean(axis=0), rtol=1e-12)


def test_a_mapping_needs_no_more_than_keys_and_items():
    class Least:
        def keys(self):
            return ["a", "b"]

        def __getitem__(self, name):
            return {"a": np.random.default_rng(1).normal(size=(2, 50, 3)), "b": np.ones((2, 50))}[name]

    assert list(d.precis(Least(), parameters="a.*").index) == ["a[1]", "a[2]", "a[3]"]

"""`hmc verify` reads draws of every kind, matches their names, and says by its exit status whether they are right."""

import gzip
import json
import zipfile

import numpy as np
import pytest

import hmc
import models
from hmc import cli
from hmc.cli.draws_names import labelled
from hmc.cli.verify import parsed_renames

EXACT = models.exact.exact_values("m0")


def run(capsys, *arguments):
    """(exit status, standard output, standard error) of a command line."""
    status = cli.main([*map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.fixture(scope="module")
def fit():
    return hmc.sample(models.m0(), chains=2, warmup=500, draws=1000, seed=3, workers=1, progress=False)


@pytest.fixture(scope="module")
def columns(fit):
    """{"a": (chains, draws), ...} of a right sampler."""
    return {name: fit[name] for name in EXACT}


def csv_of(columns, chain=None, head=""):
    """The text of a table of one chain."""
    rows = np.stack([values[chain or 0] for values in columns.values()], axis=1)
    return head + ",".join(columns) + "\n" + "".join(",".join(map(repr, row)) + "\n" for row in rows.tolist())


def write_csv(folder, columns):
    """All chains in one file, as R's posterior writes them."""
    chains, draws = columns["a"].shape
    table = {".chain": np.repeat(np.arange(1, chains + 1), draws), ".iteration": np.tile(np.arange(draws), chains)}
    table |= {name: values.ravel() for name, values in columns.items()}
    path = folder / "draws.csv"
    path.write_text(csv_of({name: values[None] for name, values in table.items()}))
    return [path]


def write_shuffled(folder, columns):
    """All chains in one file, whose rows are in no order, as a data base may give them."""
    (path,) = write_csv(folder, columns)
    header, *rows = path.read_text().splitlines()
    shuffled = np.random.default_rng(1).permutation(rows).tolist()
    path.write_text("\n".join([header.replace(".chain", "Chain"), *shuffled]) + "\n")
    return [path]


def write_spreadsheet(folder, columns):
    """Semicolons and decimal commas, names in quotes, a mark of the encoding, and a column of words."""
    (path,) = write_csv(folder, columns)
    header, *rows = path.read_text().splitlines()
    quoted = [f'"{name}"' for name in header.split(",")]
    lines = ["sep=;", ";".join([*quoted, '"by"']), *(row.replace(",", ";").replace(".", ",") + ";me" for row in rows)]
    path.write_text("\ufeff" + "\r\n".join(lines) + "\r\n", encoding="utf-8", newline="")
    return [path]


def write_packed(folder, columns):
    (path,) = write_csv(folder, columns)
    packed = folder / "draws.tsv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes().replace(b",", b"\t")))
    return [packed]


def write_row_names(folder, columns):
    """As R's write.table does: rows have names, and the header has none for these."""
    (path,) = write_csv(folder, columns)
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([header, *(f'"{i}",{row}' for i, row in enumerate(rows, start=1))]) + "\n")
    return [path]


def write_cmdstan_without_adaptation(folder, columns):
    """Warm-up that was saved, and thinned; no comment ends it, but the settings say how long it was."""
    paths = write_cmdstan(folder, columns)
    settings = "#     num_warmup = 14\n#     save_warmup = true\n#     thin = 2\n# Name = mod\u00e8le\n"
    for path in paths:
        kept = [line for line in path.read_text().splitlines() if line.count("#") == 0]
        path.write_bytes((settings + "\n".join(kept) + "\n").encode("latin-1"))
    return paths


def write_cmdstan(folder, columns):
    """A file for each chain, with warm-up that was saved, comments, and columns of the sampler."""
    paths = [folder / f"output_{chain + 1}.csv" for chain in range(2)]
    for chain, path in enumerate(paths):
        sampler = {"lp__": 0 * columns["a"] - 3.0, "accept_stat__": 0 * columns["a"] + 0.9}
        header, *rows = csv_of(sampler | columns, chain, "").splitlines()
        wrong = ["-9e9,0.5" + ",5.0" * len(columns)] * 7
        adapted = ["# Adaptation terminated", "# Step size = 0.8", "# 1, 1, 1"]
        lines = ["# save_warmup = 1", header, *wrong, *adapted, *rows, "#", "#  Elapsed Time: 0.1 seconds (Total)"]
        path.write_text("\n".join(lines) + "\n")
    return paths


def write_npz(folder, columns):
    np.savez(folder / "draws.npz", **columns)
    return [folder / "draws.npz"]


def write_npz_with_others(folder, columns):
    """Beside the draws what is none: a number, a word, and a number a chain."""
    np.savez(folder / "draws.npz", seed=3, by="me", step_size=np.ones(2), **columns)
    return [folder / "draws.npz"]


def write_npy(folder, columns):
    np.save(folder / "draws.npy", np.stack(list(columns.values()), axis=2))
    return [folder / "draws.npy"]


def write_json(folder, columns):
    chains = [{name: values[chain].tolist() for name, values in columns.items()} for chain in range(2)]
    (folder / "draws.json").write_text(json.dumps(chains))
    return [folder / "draws.json"]


def write_zipped_json(folder, columns):
    (path,) = write_json(folder, columns)
    with zipfile.ZipFile(folder / "draws.json.zip", "w") as archive:
        archive.write(path, "draws.json")
    return [folder / "draws.json.zip"]


def write_netcdf(folder, columns):
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    # Dimensions in another order than ours.
    data = xarray.Dataset({name: (("draw", "chain"), values.T) for name, values in columns.items()})
    # Variables that are no draws.
    data["seed"], data["by"] = 3, (("draw", "chain"), np.full(columns["a"].T.shape, "me"))
    data.to_netcdf(folder / "draws.nc", group="posterior", engine="h5netcdf")
    return [folder / "draws.nc"]


WRITERS = [
    *(write_csv, write_shuffled, write_spreadsheet, write_packed, write_row_names),
    *(write_cmdstan, write_cmdstan_without_adaptation),
    *(write_npz, write_npz_with_others, write_npy, write_json, write_zipped_json, write_netcdf),
]


@pytest.mark.parametrize("write", WRITERS)
def test_every_kind_of_file_gives_the_same_verdict_as_the_saved_fit(write, capsys, tmp_path, fit, columns):
    fit.save(tmp_path / "own.fit")
    expected = run(capsys, "verify", "m0", tmp_path / "own.fit")
    assert expected[0] == 0
    assert expected[1].splitlines()[-1].startswith("consistent with the exact posterior: 3 parameters")
    found = run(capsys, "verify", "m0", *write(tmp_path, columns))
    assert found[:2] == expected[:2]
    assert ("columns without names are taken for a, bxy, bzy" in found[2]) == (write is write_npy)


@pytest.mark.parametrize("write", WRITERS)
def test_so_do_wrong_draws(write, capsys, tmp_path, columns):
    """The negative twin: a parameter off by a fifth of its sd."""
    wrong = columns | {"bxy": columns["bxy"] + 0.2 * EXACT["bxy"][1]}
    status, out, _ = run(capsys, "verify", "m0", *write(tmp_path, wrong))
    assert status == 1
    assert out.splitlines()[-1].startswith("off: 3 parameters")
    assert "most is bxy's" in out


def test_draws_of_another_models_posterior_are_off(capsys, tmp_path):
    fit = hmc.sample(models.mSTnomem(), chains=2, warmup=200, draws=300, seed=3, workers=1, progress=False)
    fit.save(tmp_path / "nomem.fit")
    assert run(capsys, "verify", "mSTnomem", tmp_path / "nomem.fit")[0] == 0
    status, out, _ = run(capsys, "verify", "mST", tmp_path / "nomem.fit")
    assert status == 1
    assert "Not in the draws: 1 of 50 parameters (sigma)." in out


def test_derived_quantities_are_computed_where_draws_lack_them(capsys, tmp_path):
    """A non-centred model's draws of a_bar, sigma and z, in the names of a program that counts from 0."""
    fit = hmc.sample(models.mSTnc(), chains=2, warmup=300, draws=200, seed=3, workers=1, progress=False)
    columns = {"a_bar": fit["a_bar"], "tau": fit["sigma"]} | {f"z[{i}]": fit["z"][:, :, i] for i in range(48)}
    np.savez(tmp_path / "z.npz", **columns)
    status, out, _ = run(capsys, "verify", "mSTnc", tmp_path / "z.npz", "--from-zero", "--rename", "tau=sigma")
    assert status == 0
    assert "50 parameters" in out
    fit.save(tmp_path / "own.fit")
    own = run(capsys, "verify", "mSTnc", tmp_path / "own.fit")[1]
    assert out.splitlines()[-1] == own.splitlines()[-1]


def test_every_model_with_an_exact_posterior_is_known_by_the_names_of_its_fit():
    known = [name for name in models.names() if models.exact.exact_values(name)]
    assert len(known) == 11
    for name in known:
        model = models.build(name)
        derived = {} if model.derived is None else model.derived(np.zeros(model.dimension), model.data)
        shapes = {p.name: np.empty((1, 1, *p.shape)) for p in model.parameters}
        shapes |= {key: np.empty((1, 1, *np.shape(value))) for key, value in derived.items()}
        assert set(models.exact.exact_values(name)) <= set(labelled(shapes, {}, False))


def test_names_are_matched():
    x = np.zeros((1, 2))
    assert list(labelled({"a.1": x, "b[2]": x, "c[1, 2]": x, "d.3.4": x, "e": np.zeros((1, 2, 2))}, {}, False)) == [
        *("a[1]", "b[2]", "c[1,2]", "d[3,4]", "e[1]", "e[2]")
    ]
    assert list(labelled({"a[0]": x, "a.1": x, "e": np.zeros((1, 2, 1))}, {}, True)) == ["a[1]", "a[2]", "e[1]"]
    renames = parsed_renames(["alpha=a", " tau = sigma", "b[2]=c"])
    assert list(labelled({"alpha.1": x, "tau": x, "b[2]": x, "b[3]": x}, renames, False)) == [
        *("a[1]", "sigma", "c", "b[3]")
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mru", "m0.csv"], "mru has no exact posterior; these have: mRS, cafes, mST"),
        (["mSt", "m0.csv"], "no model is called mSt; did you mean mST?"),
        (["m0", "nowhere.csv"], "nowhere.csv: there is no such file"),
        (["m0", "text.txt"], "text.txt: not a file of draws that is known: a saved fit"),
        (["m0", "m0.csv", "--rename", "a"], "--rename a is not of the form THEIRS=OURS"),
        (["m0", "m0.csv", "--rename", "c=a"], "--rename c: the draws have no such name; they have a, bxy, bzy"),
        (["m0", "m0.csv", "--rename", "bxy=a"], "two columns of the draws are called a; one of them is bxy"),
        (["m0", "m0.csv", "short.csv"], "m0.csv and short.csv differ in a: draws of each chain are (1000,) and (5,)"),
        (["m0", "m0.csv", "--rename", "a=x"], "--rename a=x: m0 has no x; it has a, bxy, bzy"),
        (["m0", "other.csv"], "draws of x, y have no parameter of the exact posterior, which has a, bxy, bzy"),
        (["m0", "m0.csv", "--from-zero"], "--from-zero: no name in the draws has an element 0; they have a, bxy, bzy"),
        (["m0", "twice.csv"], "twice.csv: two columns are called 'a.1'"),
        (["m0", "cut.csv"], "cut.csv: row 2 has 1 fields under a header of 2"),
        (["m0", "restarted.csv"], "restarted.csv: draw has the same number in two rows of one chain; a column `chain`"),
        (["m0", "m0.csv", "m0.csv"], "chains 1 and 2 are the same, draw for draw: leave one out"),
        (["m0", "one.csv"], "1 draw per chain is too few for a Monte Carlo error"),
        (["m0", "words.csv"], "words.csv: no column has numbers: 'a b' is '1 2' in row 1"),
        (["m0", "chainless.csv"], "chainless.csv: row 2 does not say which chain it is of"),
        (["m0", "."], ". is a folder, not a file of draws"),
        (["m0", "wide.csv"], "wide.csv: it is not text in UTF-8"),
        (["m0", "broken.csv.gz"], "broken.csv.gz: it cannot be unpacked by gzip"),
        (["m0", "lacking.json"], "lacking.json: chain 2 has no a, which another chain has"),
        (["m0", "ragged.json"], "ragged.json: a of chain 2 has draws of the shape (1,), and (2,) in chain 1"),
        (["m0", "word.json"], "word.json: a of chain 1 is not a list of numbers"),
        (["m0", "zero.csv"], "a[0] in the draws: elements are counted from 1; give --from-zero"),
        (["m0", "word.csv"], "word.csv: bxy is 'many' in row 1, not a number"),
        (["m0", "uneven.csv"], "uneven.csv: its chains have from 1 to 2 draws"),
        (["m0", "empty.csv"], "empty.csv: it has no rows of draws"),
        (["m0", "settings.csv"], "settings.csv: its settings say num_warmup = -5, which is not a whole number"),
        (["m0", "unthinned.csv"], "unthinned.csv: there are no draws in it"),
        (["m0", "wrong.npy"], "wrong.npy: an array without names needs the shape (chains, draws, 3), of a, bxy, bzy, "),
        (["m0", "wrong.json"], "wrong.json: not reference draws of posteriordb"),
    ],
)
def test_bad_input_gets_one_line(arguments, message, capsys, tmp_path, monkeypatch, columns):
    monkeypatch.chdir(tmp_path)
    files = {
        "m0.csv": csv_of(columns),
        "text.txt": "no draws",
        "short.csv": csv_of({name: values[:, :5] for name, values in columns.items()}),
        "zero.csv": "a[0],a[1]\n1,2\n",
        "word.csv": "a,bxy\nNaN,many\n1,2\n",
        "uneven.csv": "chain,a\n1,1\n1,2\n2,3\n",
        "empty.csv": "a,bxy\n",
        "wrong.json": '{"a": [1, 2]}',
        "other.csv": "x,y\n1,2\n3,4\n",
        "twice.csv": "a.1,a.1\n1,2\n3,4\n",
        "cut.csv": "a,bxy\n1,2\n3\n",
        "restarted.csv": "draw,a\n0,1\n1,2\n0,3\n1,4\n",
        "words.csv": "a b\n1 2\n3 4\n",
        "chainless.csv": "chain,a\n1,1\n,2\n",
        "one.csv": "a,bxy\n1,2\n",
        "wide.csv": "a\0,\0b\0",
        "broken.csv.gz": "\x1f",
        "lacking.json": '[{"a": [1, 2], "b": [1, 2]}, {"b": [1, 2]}]',
        "ragged.json": '[{"a": [1, 2]}, {"a": [1]}]',
        "settings.csv": "# save_warmup = 1\n# num_warmup = -5\na,bxy\n1,2\n3,4\n",
        "unthinned.csv": "# save_warmup = 1\n# num_warmup = 5\n# thin = 0\na,bxy\n1,2\n3,4\n",
        "word.json": '[{"a": [1, "x"]}]',
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "broken.csv.gz").write_bytes(b"\x1f\x8b\x08")
    np.save(tmp_path / "wrong.npy", np.zeros((4, 9, 2)))
    status, out, err = run(capsys, "verify", *arguments)
    assert (status, out) == (1, "")
    assert err.startswith(f"hmc: {message}")
    assert err.count("\n") == 1


def test_netcdf_without_xarray_says_what_to_install(capsys, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "xarray", None)
    (tmp_path / "draws.nc").write_bytes(b"")
    assert (
        'NetCDF needs xarray: pip install "rethinking-hmc[arviz]"'
        in run(capsys, "verify", "m0", tmp_path / "draws.nc")[2]
    )


def test_arrays_of_one_chain_have_no_axis_of_chains(capsys, tmp_path):
    """As NumPyro and a fit of one chain give them: (draws,) of a scalar, (draws, 5) of a vector."""
    fit = hmc.sample(models.cafes(), chains=1, warmup=300, draws=500, seed=3, workers=1, progress=False)
    fit.save(tmp_path / "own.fit")
    np.savez(tmp_path / "draws.npz", **{name: fit[name][0] for name in fit})
    expected = run(capsys, "verify", "cafes", tmp_path / "own.fit")
    assert "12 parameters" in expected[1]
    assert run(capsys, "verify", "cafes", tmp_path / "draws.npz") == expected


@pytest.mark.parametrize("content", [b"", b"words"])
def test_a_file_that_is_not_netcdf_is_refused_in_one_line(content, capsys, tmp_path):
    pytest.importorskip("h5netcdf")
    (tmp_path / "draws.nc").write_bytes(content)
    status, out, err = run(capsys, "verify", "m0", tmp_path / "draws.nc")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "draws.nc: it is not NetCDF" in err


@pytest.mark.parametrize(
    ("group", "dimension", "message"),
    [("prior", "chain", "no group `posterior`"), ("posterior", "series", "has the dimensions chain and draw")],
)
def test_netcdf_without_draws_is_refused_in_one_line(group, dimension, message, capsys, tmp_path, columns):
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    data = xarray.Dataset({name: ((dimension, "draw"), values) for name, values in columns.items()})
    data.to_netcdf(tmp_path / "draws.nc", group=group, engine="h5netcdf")
    status, out, err = run(capsys, "verify", "m0", tmp_path / "draws.nc")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert message in err


def test_an_array_whose_axes_may_be_the_other_way_round_is_told_of(capsys, tmp_path, columns):
    """The axes (draws, chains, parameters), of 20 chains: read as 100 chains of 20 draws."""
    values = np.stack(list(columns.values()), axis=2).reshape(20, 100, 3)
    for axes, noted in (((0, 1, 2), False), ((1, 0, 2), True)):
        np.save(tmp_path / "draws.npy", values.transpose(axes))
        err = run(capsys, "verify", "m0", tmp_path / "draws.npy")[2]
        assert ("the first axis is taken for chains: 100 of 20 draws" in err) == noted


@pytest.mark.parametrize(
    ("name", "changed", "message"),
    [
        ("a_bar", lambda x: np.where(np.arange(50) == 5, np.nan, x), "a_bar is nan in draw 6 of chain 1"),
        ("z", lambda x: np.where((np.arange(50) == 7)[:, None], np.inf, x), "z[1] is inf in draw 8 of chain 1"),
        ("sigma", lambda x: x[:, :20], "draws have one number of chains and draws, not (2, 50) of "),
        (
            "sigma",
            lambda x: np.where(np.arange(50) == 3, -1.0, x),
            "cafes: sigma = -1.0 is not positive, in draw 4 of ",
        ),
    ],
)
def test_draws_from_which_nothing_can_be_derived_are_refused(name, changed, message, capsys, tmp_path):
    """Of a non-centred model's parameters: the log of a scale in its place, say."""
    rng = np.random.default_rng(1)
    draws = {
        "a_bar": rng.normal(size=(2, 50)),
        "sigma": rng.exponential(size=(2, 50)),
        "z": rng.normal(size=(2, 50, 5)),
    }
    np.savez(tmp_path / "draws.npz", **(draws | {name: changed(draws[name])}))
    status, out, err = run(capsys, "verify", "cafes", tmp_path / "draws.npz")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"hmc: {message}")

"""Lines before the header: Excel's `sep=;`, and comments."""

import numpy as np
import pytest

from hmc import cli
from models.tables import BUNDLED, Table, count, number, read

TABLE = Table("seeds", columns=(count("sown"), number("depth")))
ROWS = [("sown", "depth"), ("10", "0.5"), ("20", "1.25")]


def text(separator=",", rows=ROWS):
    return "".join(separator.join(row) + "\n" for row in rows)


def values(tmp_path, content):
    path = tmp_path / "seeds.csv"
    path.write_bytes(content.encode())
    columns = read(TABLE, path)
    return columns["sown"].tolist(), columns["depth"].tolist()


def refused(tmp_path, content):
    with pytest.raises(ValueError, match=r"^seeds: [^\n]*$") as caught:
        values(tmp_path, content)
    return str(caught.value).removeprefix("seeds: ").replace(str(tmp_path / "seeds.csv"), "FILE")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize(
    "before",
    [
        "sep={}\n",
        "SEP={}\r\n",
        '"sep={}"\n',
        "\ufeffsep={}\n",
        "sep={0}{0}\n",  # as a spreadsheet pads it
        "# sown in May\n",
        "# sown in May, grown, and counted; twice\n\n# by hand\n",
        '"# sown in May, 2023"\n',
        "sep={}\n# a comment\n\n",
    ],
)
def test_what_stands_before_the_header_is_left_out(before, separator, tmp_path):
    assert values(tmp_path, before.format(separator) + text(separator)) == ([10.0, 20.0], [0.5, 1.25])


def test_decimal_commas_are_read_as_without_the_line(tmp_path):
    rows = text(";").replace(".", ",")
    assert values(tmp_path, "sep=;\n" + rows) == values(tmp_path, rows) == ([10.0, 20.0], [0.5, 1.25])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "sep=|\n" + text("|"),
            "FILE: line 1, sep=|, names none of the separators ',', ';', '\\t': save it with one",
        ),
        (
            "sep=tab\n" + text("\t"),
            "FILE: line 1, sep=tab, names none of the separators ',', ';', '\\t': save it with one",
        ),
        (
            "sep=\n" + text(),
            "FILE: line 1, sep=, names none of the separators ',', ';', '\\t': save it with one",
        ),
        ("sep=;\n" + text(), "FILE: line 1 says sep=;, and its header is separated by ',': delete line 1"),
        (
            "#sown,depth\n" + text(rows=ROWS[1:]),
            "FILE: line 1, #sown,depth, begins with # and has sown: delete the # if it is the header, "
            "and the line if it is a comment",
        ),
        (
            "# of May\n# sown;depth\n" + text(";"),
            "FILE: line 2, # sown;depth, begins with # and has sown: delete the # if it is the header, "
            "and the line if it is a comment",
        ),
        (
            text() + "# the end\n",
            "row 3: 1 field under a header of 2; it begins with #: delete comments below the header",
        ),
        ("# only this\n", "FILE is empty"),
        ("sep=;\n", "FILE is empty"),
        ("sep=;\nweight;size\n1;2\n", "no column sown, depth in FILE; needed: sown, depth; there: weight, size"),
    ],
)
def test_what_leaves_a_choice_is_refused_with_the_line_and_the_way_out(content, message, tmp_path):
    assert refused(tmp_path, content) == message


def test_names_with_a_number_sign_are_no_comments(tmp_path):
    rows = [("plot", "sown", "depth"), ("#1", "10", "0.5"), ("#2", "20", "1.25")]
    assert values(tmp_path, text(rows=rows)) == ([10.0, 20.0], [0.5, 1.25])


def test_a_header_may_begin_with_a_column_called_number_sign(tmp_path):
    assert values(tmp_path, "# by hand\n#,sown,depth\n1,10,0.5\n2,20,1.25\n") == ([10.0, 20.0], [0.5, 1.25])


def test_a_line_sep_is_one_only_at_the_top(tmp_path):
    assert refused(tmp_path, "# of May\nsep=;\n" + text(";")).startswith("no column sown, depth in FILE")


def test_excels_export_of_the_bundled_table_gives_the_same_model(tmp_path, capsys):
    path = tmp_path / "frogs.csv"
    path.write_text("sep=;\n" + (BUNDLED / "reedfrogs.csv").read_text().replace(",", ";"), encoding="utf-8")
    import models

    ours, theirs = models.mST(data=str(path)).data, models.mST().data
    assert all(np.array_equal(one, other) for one, other in zip(ours, theirs, strict=True))
    path.write_text("sep=|\n" + path.read_text())
    assert cli.main(["fit", "mST", "--data", str(path)]) == 1
    assert "line 1, sep=|, names none of the separators" in capsys.readouterr().err

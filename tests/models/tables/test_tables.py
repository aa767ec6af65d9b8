"""Every way in which a table can be wrong, and the line that says so."""

import gzip
import re

import numpy as np
import pandas as pd
import pytest

from models.tables import Table, at_most, choice, count, number, read

TABLE = Table(
    "seeds",
    columns=(count("sown", least=1), count("grown"), number("depth"), choice("soil", "clay", "sand")),
    checks=(at_most("grown", "sown"),),
)
GOOD = "sown,grown,depth,soil\n10,3,0.5,clay\n20,20,-1e-3,sand\n"


def csv(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "seeds.csv"
    path.write_bytes(text.encode(encoding))
    return path


def message_of(data, table=TABLE):
    with pytest.raises(ValueError, match=r"^seeds: [^\n]*$") as caught:
        read(table, data)
    return str(caught.value).removeprefix("seeds: ")


def test_a_good_file_and_a_good_frame_give_the_same_arrays(tmp_path):
    path = csv(tmp_path, GOOD)
    for data in (path, str(path), pd.read_csv(path), pd.read_csv(path).astype(object), pd.read_csv(path, dtype="str")):
        columns = read(TABLE, data)
        assert columns["sown"].tolist() == [10.0, 20.0]
        assert columns["grown"].dtype == np.float64
        assert columns["depth"].tolist() == [0.5, -1e-3]
        assert columns["soil"].tolist() == ["clay", "sand"]


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + GOOD,  # as spreadsheets write it
        GOOD.replace("\n", "\r\n"),
        GOOD.replace(",", ", "),
        GOOD.replace("clay", ' "clay"'),
        GOOD.replace("\n", "\n\n"),
        re.sub("^(?=.)", "x,", GOOD, flags=re.M),  # a column more than needed
        GOOD.replace("10,", "10.0,").replace("20,", "2e1,"),
    ],
)
def test_harmless_variations_of_a_file_are_read(text, tmp_path):
    assert read(TABLE, csv(tmp_path, text))["grown"].tolist() == [3.0, 20.0]


CELLS = [
    ("10,3,0.5,clay", "11,12,0.5,clay", "row 1: grown = 12 is more than sown = 11"),
    ("10,3", "10,-3", "row 1: grown = -3 is negative"),
    ("10,3", "0,0", "row 1: sown = 0 is less than 1"),
    ("10,3", "10,2.5", "row 1: grown = 2.5 is not a whole number"),
    ("10,3", "10,1e300", "row 1: grown = 1e300 is more than 1000000000"),
    ("10,3", "10,", "row 1: grown is missing"),
    ("20,20", "20,NA", "row 2: grown is missing"),
    ("20,20", "20,nan", "row 2: grown is missing"),
    ("20,20", "20,inf", "row 2: grown = inf is not finite"),
    ("20,20", "20,many", "row 2: grown = many is not a number"),
    ("0.5", "-inf", "row 1: depth = -inf is not finite"),
    ("sand", "Sand", "row 2: soil = Sand is not one of clay, sand"),
    ("sand", "", "row 2: soil is missing"),
]


@pytest.mark.parametrize(("right", "wrong", "message"), CELLS)
def test_a_bad_cell_of_a_file_is_named_with_its_row_column_and_value(right, wrong, message, tmp_path):
    assert message_of(csv(tmp_path, GOOD.replace(right, wrong))) == message


FRAME = {"sown": [10, 20], "grown": [3, 20], "depth": [0.5, 0.1], "soil": ["clay", "sand"]}


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("grown", [11, 2], "row 1: grown = 11 is more than sown = 10"),
        ("grown", [3.5, 2], "row 1: grown = 3.5 is not a whole number"),
        ("grown", [3, None], "row 2: grown is missing"),
        ("grown", [3, np.nan], "row 2: grown is missing"),
        ("grown", pd.array([3, pd.NA], dtype="Int64"), "row 2: grown is missing"),
        ("depth", [np.inf, 0.0], "row 1: depth = inf is not finite"),
        ("depth", ["deep", 0.0], "row 1: depth = deep is not a number"),
        ("grown", [True, False], "row 1: grown = True is not a number"),
        ("soil", ["clay", 3], "row 2: soil = 3 is not one of clay, sand"),
        ("soil", pd.Categorical(["clay", "peat"]), "row 2: soil = peat is not one of clay, sand"),
    ],
)
def test_a_bad_cell_of_a_frame_is_named_with_its_row_column_and_value(column, values, message):
    assert message_of(pd.DataFrame({**FRAME, column: values})) == message


def test_rows_count_from_one_whatever_the_index_of_the_frame():
    frame = pd.DataFrame({**FRAME, "grown": [3, 21]}, index=[17, 4])
    assert message_of(frame) == "row 2: grown = 21 is more than sown = 20"


def test_a_missing_column_is_named_beside_those_that_are_there(tmp_path):
    text = "no column grown, soil in {}; needed: sown, grown, depth, soil; there: sown, growth, depth, Soil"
    path = csv(tmp_path, GOOD.replace("grown", "growth").replace("soil", "Soil"))
    assert message_of(path) == text.format(path)
    assert message_of(pd.read_csv(path)) == text.format("the frame")


def test_a_column_that_stands_twice_is_refused(tmp_path):
    path = csv(tmp_path, "sown,grown,depth,soil,grown\n1,1,1,clay,1\n")
    assert message_of(path) == f"column grown appears twice in {path}"
    assert message_of(pd.DataFrame([[1, 1, 1, "clay", 1]], columns=["sown", "grown", "depth", "soil", "grown"])) == (
        "column grown appears twice in the frame"
    )


@pytest.mark.parametrize(("separator", "name"), [("|", "'|'"), (" ", "' '")])
def test_another_separator_is_recognised(separator, name, tmp_path):
    path = csv(tmp_path, GOOD.replace(",", separator))
    assert message_of(path) == f"{path} is separated by {name}; save it with commas, semicolons or tabs"


def test_a_header_of_two_separators_leaves_a_choice(tmp_path):
    path = csv(tmp_path, "sown,grown;depth;x,soil;y\n")
    assert message_of(path) == f"{path} may be separated by ',' or by ';': its header has both"


PUBLISHED = {
    "R's write.csv": '"","sown","grown","depth","soil"\n"1",10,3,0.5,"clay"\n"2",20,20,-0.001,"sand"\n',
    "R's write.csv2": '"";"sown";"grown";"depth";"soil"\n"1";10;3;0,5;"clay"\n"2";20;20;-0,001;"sand"\n',
    "R's write.table, commas": '"sown","grown","depth","soil"\n"1",10,3,0.5,"clay"\n"2",20,20,-1e-3,"sand"\n',
    "R's write.table, tabs": '"sown"\t"grown"\t"depth"\t"soil"\n"1"\t10\t3\t0.5\t"clay"\n"2"\t20\t20\t-1e-3\t"sand"\n',
    "rethinking": '"sown";"grown";"depth";"soil";"share"\n10;3;0.5;"clay";0.3\n20;20;-0.001;"sand";1\n',
    "a spreadsheet of Central Europe": "\ufeffsown;grown;depth;soil\r\n10;3;0,5;clay\r\n20;20;-1,0E-3;sand\r\n",
    "tabs and decimal commas": "soil\tdepth\tgrown\tsown\nclay\t0,5\t3\t10,0\nsand\t-,001\t20\t20\n",
}


@pytest.mark.parametrize("form", PUBLISHED)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_files_are_read_as_they_are_published(form, pack, tmp_path):
    path = tmp_path / "seeds.csv.gz"
    path.write_bytes(pack(PUBLISHED[form].encode()))
    columns = read(TABLE, path)
    assert {name: column.tolist() for name, column in columns.items()} == {
        "sown": [10.0, 20.0],
        "grown": [3.0, 20.0],
        "depth": [0.5, -0.001],
        "soil": ["clay", "sand"],
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        # A thousand or a fraction: nothing in the file tells.
        ("sown;grown;depth;soil\n10;3;1,234;clay\n", "row 1: depth = 1,234 may be 1.234 or 1234: write one of these"),
        ("sown;grown;depth;soil\n1,000;3;1;clay\n", "row 1: sown = 1,000 may be 1.000 or 1000: write one of these"),
        (
            "sown;grown;depth;soil\n10;3;0,5;clay\n10;3;1.234;clay\n",
            "row 2: depth = 1.234 has a decimal point, where other numbers of the file have a decimal comma",
        ),
        (
            "sown;grown;depth;soil\n10;3;1.234,5;clay\n",
            "row 1: depth = 1.234,5 is not a number",
        ),
        # The first of five fields may be a name or, with a comma that is decimal, a part of a number.
        (
            "sown,grown,depth,soil\n10,3,0,5,clay\n",
            "row 1: 5 fields under a header of 4; if the first is a name that R gave the row, write the table with "
            "row.names = FALSE",
        ),
        (
            'sown,grown,depth,soil\n"10","3","0","5","clay"\n',
            "row 1: 5 fields under a header of 4; if the first is a name that R gave the row, write the table with "
            "row.names = FALSE",
        ),
        (
            'sown,grown,depth,soil\n"1",10,3,0.5,clay\n"1",10,3,0.5,clay\n',
            "row 2: its name 1 is that of row 1, so it may be no name",
        ),
        (
            'sown,grown,depth,soil\n"1",10,3,0.5,clay\n2,10,3,0.5,clay\n',
            "row 2: its name 2 is not in quotes, as that of row 1 is",
        ),
        ('sown,grown,depth,soil\n"1",10,3,0.5,clay\n10,3,0.5,clay\n', "row 2: 4 fields under a header of 4"),
    ],
)
def test_where_two_readings_are_possible_none_is_guessed(text, message, tmp_path):
    assert message_of(csv(tmp_path, text)) == message


def test_a_comma_between_thousands_is_decimal_where_the_file_shows_it(tmp_path):
    path = csv(tmp_path, "sown;grown;depth;soil\n10;3;1,234;clay\n20;20;0,5;sand\n")
    assert read(TABLE, path)["depth"].tolist() == [1.234, 0.5]


@pytest.mark.parametrize("content", [b"PK\x03\x04 an xlsx", b"\xd0\xcf\x11\xe0 an xls"])
def test_a_spreadsheet_is_to_be_saved_as_csv(content, tmp_path):
    path = tmp_path / "seeds.xlsx"
    path.write_bytes(content)
    assert message_of(path) == f"{path} is a spreadsheet, or packed as one: save it as CSV"


def test_a_packed_file_that_is_damaged_is_refused(tmp_path):
    path = tmp_path / "seeds.csv.gz"
    path.write_bytes(gzip.compress(GOOD.encode())[:-6])
    assert message_of(path).startswith(f"{path} cannot be unpacked by gzip: ")


def test_an_empty_file_is_refused(tmp_path):
    for text in ("", "\n\n"):
        path = csv(tmp_path, text)
        assert message_of(path) == f"{path} is empty"


def test_a_table_without_rows_is_refused(tmp_path):
    path = csv(tmp_path, "sown,grown,depth,soil\n")
    assert message_of(path) == "there are no rows"
    assert message_of(pd.read_csv(path)) == "there are no rows"


def test_a_row_of_another_length_is_refused(tmp_path):
    path = csv(tmp_path, GOOD.replace("20,20,", "20,"))
    assert message_of(path) == "row 2: 3 fields under a header of 4"


def test_a_file_that_is_not_there_is_named(tmp_path):
    path = tmp_path / "none.csv"
    assert message_of(path) == f"no such file: {path}"


def test_a_folder_is_not_a_file(tmp_path):
    assert message_of(tmp_path) == f"cannot read {tmp_path}: Is a directory"


@pytest.mark.parametrize(
    ("encoding", "complaint"),
    [
        ("latin-1", "is not text in UTF-8 (byte 0xe9 at position 33)"),
        ("utf-16", "is text in UTF-16; save it as UTF-8"),
        ("utf-32", "is text in UTF-32; save it as UTF-8"),
        ("utf-16-le", "is not text in UTF-8, or damaged (byte 0x00 at position 1)"),
    ],
)
def test_another_encoding_is_recognised(encoding, complaint, tmp_path):
    path = csv(tmp_path, GOOD.replace("clay", "clé"), encoding)
    assert message_of(path) == f"{path} {complaint}"


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("clay", "x" * 200_000, "row 1: its line is not CSV: field larger than field limit (131072)"),
        ("0.5", '"0.5', "row 1: its line is not CSV: unexpected end of data"),
        ("20,20", '"2"0,20', "row 2: its line is not CSV: ',' expected after '\"'"),
        ("soil", '"soil', "{} is not a CSV file; its header is not CSV: unexpected end of data"),
        ("soil", "x" * 200_000, "{} is not a CSV file: field larger than field limit (131072) in its header"),
    ],
)
def test_a_field_without_end_or_with_a_stray_quote_is_not_csv(right, wrong, complaint, tmp_path):
    path = csv(tmp_path, GOOD.replace(right, wrong))
    assert message_of(path) == complaint.format(path)


@pytest.mark.parametrize("data", [{"sown": [1]}, [1, 2], 3.5])
def test_data_of_another_kind_are_refused(data):
    kind = type(data).__name__
    assert message_of(data) == f"data must be a DataFrame, the path of a CSV file, or None, not {kind}"


def test_a_frame_means_the_same_as_the_file_it_is_written_to(tmp_path):
    for frame in (pd.DataFrame(FRAME), pd.DataFrame(FRAME).convert_dtypes(), pd.DataFrame(FRAME).astype("category")):
        frame.to_csv(tmp_path / "seeds.csv")
        of_frame, of_file = read(TABLE, frame), read(TABLE, tmp_path / "seeds.csv")
        for name, column in of_frame.items():
            assert column.dtype == of_file[name].dtype
            assert column.tolist() == of_file[name].tolist()


def test_of_several_faults_the_first_is_named(tmp_path):
    lines = ["sown,grown,depth,soil", "10,3,0.5,clay", "9,10,NA,peat", "1,2", "x,y,z,", '"']
    messages = ["row 2: depth is missing", "row 2: 2 fields under a header of 4", "row 2: sown = x is not a number"]
    messages.append("row 2: its line is not CSV: unexpected end of data")
    for message in messages:
        assert message_of(csv(tmp_path, "\n".join(lines))) == message
        del lines[2]


def test_names_of_several_levels_are_refused():
    frame = pd.DataFrame(FRAME)
    frame.columns = pd.MultiIndex.from_product([frame.columns, ["mean"]])
    assert message_of(frame) == "the columns of the frame have names of 2 levels; needed: of one"


def test_a_column_that_became_the_index_is_pointed_out():
    frame = pd.DataFrame(FRAME).set_index("sown")
    assert message_of(frame).endswith("; there: grown, depth, soil; sown is in its index: see reset_index()")


def test_blanks_around_names_do_not_matter_but_may_make_a_column_stand_twice():
    frame = pd.DataFrame(FRAME).rename(columns={"sown": " sown "})
    assert read(TABLE, frame)["sown"].tolist() == [10.0, 20.0]
    assert message_of(frame.assign(sown=1)) == "column sown appears twice in the frame"


def test_a_frame_of_another_library_is_told_from_one_of_pandas():
    kind = type("DataFrame", (), {"columns": ["sown"], "__module__": "polars.dataframe"})
    assert message_of(kind()).endswith("or None, not the DataFrame of polars")


def test_long_lists_of_names_are_cut():
    many = pd.DataFrame(0, index=[0], columns=[f"column{i}" for i in range(1000)])
    assert len(message_of(many)) < 250
    assert message_of(pd.DataFrame(index=[0])).endswith("there: none")


@pytest.mark.parametrize("line", ["\n", " \n", "\ufeff\n", '""\n'])
def test_what_is_blank_before_the_header_is_passed_over(line, tmp_path):
    assert read(TABLE, csv(tmp_path, line + GOOD))["grown"].tolist() == [3.0, 20.0]


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n \n"])
def test_other_ends_of_lines_are_read(end, tmp_path):
    path = tmp_path / "seeds.csv"
    path.write_bytes(GOOD.replace("\n", end).encode())
    assert read(TABLE, path)["grown"].tolist() == [3.0, 20.0]


def test_true_and_false_of_a_frame_are_1_and_0():
    table = Table("seeds", (count("dry", most=1), count("sown")))
    for dry in ([True, False], pd.array([True, False], dtype="boolean"), ["TRUE", "FALSE"], [True, 0]):
        assert read(table, pd.DataFrame({"dry": dry, "sown": 3}))["dry"].tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("path", "message"),
    [("", "the path of the file is empty"), ("a\nb", r"no such file: 'a\nb'"), ("\0", r"cannot read '\x00': ")],
)
def test_paths_that_name_no_file_are_refused_in_one_line(path, message):
    assert message_of(path).startswith(message)

"""Ways to damage a table in a file, step by step: first its text, then its bytes. A step is as in frames.py."""

import codecs
import gzip


def lines_joined(text, i, j, k):
    lines = text.split("\n")
    return "\n".join([*lines[: i % len(lines)], "".join(lines[i % len(lines) :][:2]), *lines[i % len(lines) + 2 :]])


def another_separator(text, i, j, k):
    for old in (";", ","):
        if old in text.split("\n")[0]:
            return text.replace(old, [";", "\t", "|", " ", ",", ":", ", ", ",,"][k % 8])
    return text


def quoted(text, i, j, k):
    marks = ['"', "'", '""', "“"]
    return re_fielded(text, lambda field: f"{marks[k % 4]}{field}{marks[k % 4]}" if (i + j) % 3 else f' "{field}"')


def stray_quotes(text, i, j, k):
    lines = text.split("\n")
    place = i % max(1, len(lines) - 1)
    separator = ";" if ";" in lines[place] else ","
    fields = lines[place].split(separator)
    field = fields[j % len(fields)]
    fields[j % len(fields)] = [f'"{field}', f'{field}"', f'"{field[:1]}"{field[1:]}', f'"{field}" ', f'{field[:1]}""'][
        k % 5
    ]
    return "\n".join([*lines[:place], separator.join(fields), *lines[place + 1 :]])


def re_fielded(text, change):
    separator = ";" if ";" in text.split("\n")[0] else ","
    return "\n".join(separator.join(map(change, line.split(separator))) if line else line for line in text.split("\n"))


def other_ends_of_lines(text, i, j, k):
    return text.replace("\n", ["\r\n", "\r", "\n\n", "\n \n", ",\n", ";\n", "\u2028", "\x0b", "\n\r"][k % 9])


def decimal_commas(text, i, j, k):
    return text.replace(".", ",")


def of_central_europe(text, i, j, k):
    """Semicolons or tabs between numbers with decimal commas; now and then a number stays with its point."""
    lines = text.replace(";", ",").split("\n")
    separator, kept = ";;;\t"[k % 4], i % len(lines) if j % 3 == 0 else None
    changed = [line.replace(",", separator) for line in lines]
    return "\n".join(line if n == kept else line.replace(".", ",") for n, line in enumerate(changed))


def names_of_rows(text, i, j, k):
    """As R's write.table gives them: quoted as a rule, and without a place in the header."""
    separator = ";" if ";" in text.split("\n")[0] else ","
    header, *lines = text.split("\n")
    mark = ['"', '"', '"', ""][k % 4]
    names = [f"{mark}{n if j % 4 else min(n, i % 7)}{mark}" for n in range(1, len(lines) + 1)]
    named = [f"{name}{separator}{line}" if line else line for name, line in zip(names, lines, strict=True)]
    return "\n".join([header if i % 3 else f'""{separator}{header}', *named])


def thousands(text, i, j, k):
    return re_fielded(text, lambda field: f"1,{field}" if field.isdigit() and len(field) == 3 else field)


def header_twice(text, i, j, k):
    lines = text.split("\n")
    lines.insert(1 + i % len(lines), lines[0])
    return "\n".join(lines)


def without_header(text, i, j, k):
    return text.partition("\n")[2]


def line_before(text, i, j, k):
    return ["sep=,\n", "# a comment\n", "\n", " \n", ",,,\n", '""\n'][k % 6] + text


def inserted(text, i, j, k):
    marks = ['"', ",", ";", "\n", "\r", "\t", " ", "\ufeff", "\x1a", "é", "0", "-", ".", "e9", "_", "NA", "\u00a0", "'"]
    marks += ["\u200b", "\u2009"]
    place = i * 1009 % (len(text) + 1) if j % 3 else len(text.split("\n")[0])
    return text[:place] + marks[k % len(marks)] + text[place:]


def text_unchanged(text, i, j, k):
    return text


def encoded(text, i, j, k):
    encodings = ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-16-be", "utf-7", "cp037", "latin-1", "utf-8"]
    return text.encode(encodings[k % len(encodings)], "replace")


def truncated(content, i, j, k):
    return content[: i * 1009 % (len(content) + 1)] if k % 3 else content[: max(0, len(content) - i % 12)]


def flipped_bit(content, i, j, k):
    place = i * 1009 % max(1, len(content))
    return content[:place] + bytes(byte ^ (1 << k % 8) for byte in content[place : place + 1]) + content[place + 1 :]


def overwritten(content, i, j, k):
    place = i * 1009 % max(1, len(content))
    return content[:place] + [b"\0", b"\xff", b"\xc3", b"\x80", b"\r", b'"', b"9"][k % 7] + content[place + 1 :]


def emptied(content, i, j, k):
    return [b"", b"\n", codecs.BOM_UTF8, b" ", b'"', b"\0" * 100][k % 6]


def zipped(content, i, j, k):
    return gzip.compress(content)


TEXT_STEPS = [text_unchanged, lines_joined, another_separator, quoted, other_ends_of_lines, decimal_commas, thousands]
TEXT_STEPS += [of_central_europe, of_central_europe, names_of_rows]
TEXT_STEPS += [header_twice, without_header, line_before, stray_quotes, stray_quotes, inserted, inserted, inserted]
BYTE_STEPS = [encoded, truncated, truncated, flipped_bit, flipped_bit, overwritten, emptied, zipped]
STEPS = [*TEXT_STEPS, *BYTE_STEPS]


def damaged(frame, separator, steps):
    """The bytes of the frame as a file, after all steps: those of text come first."""
    text = frame.to_csv(index=False, sep=separator)
    of_text = [step for step in steps if globals()[step[0]] in TEXT_STEPS]
    for name, *numbers in of_text:
        text = globals()[name](text, *numbers)
    content = text.encode("utf-8", "replace")
    for name, *numbers in steps:
        if name == "encoded":
            content = encoded(text, *numbers)
        elif globals()[name] in BYTE_STEPS:
            content = globals()[name](content, *numbers)
    return content

"""The binary format of WebAssembly: numbers, names, sections, and a module with its data.

A module is a sequence of sections, each a number, a length and a content, which mostly is a vector: a count, then as
many entries. WebAssembly core specification 2.0, chapter 5.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

CUSTOM, TYPE, IMPORT, FUNCTION, TABLE, MEMORY, GLOBAL, EXPORT, START, ELEMENT, CODE, DATA, DATA_COUNT = range(13)
FUNCTION_IMPORT, TABLE_IMPORT, MEMORY_IMPORT, GLOBAL_IMPORT = range(4)
PAGE = 1 << 16
_I32_CONST, _END = b"\x41", b"\x0b"


class Assembled(NamedTuple):
    """The sections of a module before data are added, and where they may be put."""

    sections: list[tuple[int, bytes]]
    heap: int  # address of the first byte that neither constants nor the stack have


def module_of(made: Assembled, data: Mapping[int, bytes], top: int, notes: Mapping[str, bytes]) -> bytes:
    """The bytes of a module: {address: bytes} of data, all below `top`, and {name: bytes} of custom sections."""
    pages = b"\1\0" + unsigned(-(-top // PAGE))
    out = b"\0asm\1\0\0\0"
    for kind, content in sorted([*made.sections, (MEMORY, pages)]):
        out += section(kind, joined([content, data_section(data.items())]) if kind == DATA else content)
    return out + b"".join(section(CUSTOM, name_of(name) + content) for name, content in notes.items())


def data_section(placed: Iterable[tuple[int, bytes]]) -> bytes:
    """The content of a data section of (address, bytes)."""
    return vector(b"\0" + constant(address) + unsigned(len(raw)) + raw for address, raw in placed)


def segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """(address, bytes) of each segment of a data section."""
    count, at = read(content, 0)
    for _ in range(count):
        address, at = read(content, at + 2)  # a flag, i32.const
        size, at = read(content, at + 1)  # end
        yield address, content[at : at + size]
        at += size


def constant(number: int) -> bytes:
    """The expression of a whole number that is not below 0."""
    return _I32_CONST + signed(number) + _END


def vector(entries: Iterable[bytes]) -> bytes:
    """Entries behind their count."""
    listed = list(entries)
    return unsigned(len(listed)) + b"".join(listed)


def numbers(content: bytes) -> Iterator[int]:
    """The entries of a vector of unsigned numbers."""
    count, at = read(content, 0)
    for _ in range(count):
        number, at = read(content, at)
        yield number


def joined(vectors: Iterable[bytes]) -> bytes:
    """One vector of the entries of several."""
    total, entries = 0, b""
    for each in vectors:
        count, at = read(each, 0)
        total, entries = total + count, entries + each[at:]
    return unsigned(total) + entries


def section(kind: int, content: bytes) -> bytes:
    """The bytes of a section."""
    return bytes([kind]) + unsigned(len(content)) + content


def sections(binary: bytes) -> Iterator[tuple[int, bytes]]:
    """(kind, content) of each section of a module or an object."""
    for kind, begin, end in _places(binary):
        yield kind, binary[begin:end]


def imports(content: bytes) -> Iterator[tuple[int, str]]:
    """(kind, name) of each entry of an import section."""
    count, at = read(content, 0)
    for _ in range(count):
        _, at = read_name(content, at)
        name, at = read_name(content, at)
        kind = content[at]
        at += 1
        if kind == FUNCTION_IMPORT:
            _, at = read(content, at)
        elif kind == GLOBAL_IMPORT:
            at += 2
        else:
            at += kind == TABLE_IMPORT
            limits, at = read(content, at)
            for _ in range(1 + (limits & 1)):
                _, at = read(content, at)
        yield kind, name


def function_bodies(module: bytes) -> list[tuple[int, int]]:
    """(place, length) of the code of each function that a module defines, in their order."""
    (begin,) = (begin for kind, begin, _ in _places(module) if kind == CODE)
    count, at = read(module, begin)
    found = []
    for _ in range(count):
        length, begin = read(module, at)
        found.append((begin, length))
        at = begin + length
    return found


def _places(binary: bytes) -> Iterator[tuple[int, int, int]]:
    """(kind, first byte of the content, first byte beyond) of each section."""
    at = 8
    while at < len(binary):
        length, begin = read(binary, at + 1)
        yield binary[at], begin, begin + length
        at = begin + length


def unsigned(number: int) -> bytes:
    """LEB128: seven bits a byte, the lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def signed(number: int) -> bytes:
    """LEB128 of a number that has a sign, and is not below 0: the highest bit written is 0."""
    out = unsigned(number)
    return out if not out[-1] & 0x40 else out[:-1] + bytes([out[-1] | 0x80, 0])


def read(binary: bytes, at: int) -> tuple[int, int]:
    """(unsigned LEB128 number at a place, the place after it)."""
    number = shift = 0
    while True:
        byte = binary[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return number, at


def aligned(address: int) -> int:
    """The next multiple of 16."""
    return -(-address // 16) * 16


def read_signed(binary: bytes, at: int) -> tuple[int, int]:
    """(signed LEB128 number at a place, the place after it)."""
    number, end = read(binary, at)
    return number - ((binary[end - 1] & 0x40) << 7 * (end - at - 1) + 1), end


def padded(number: int) -> bytes:
    """LEB128 of 32 bits in five bytes: signed where the number is below 0; the same for both from 0 to 2^31 - 1."""
    return bytes((number >> 7 * k & 0x7F) | (0x80 if k < 4 else 0) for k in range(5))


def name_of(name: str) -> bytes:
    """The bytes of a name: its length, then itself."""
    return unsigned(len(name.encode())) + name.encode()


def read_name(binary: bytes, at: int) -> tuple[str, int]:
    """(name at a place, the place after it)."""
    length, at = read(binary, at)
    return binary[at : at + length].decode(errors="replace"), at + length

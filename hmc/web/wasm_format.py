"""The binary format of WebAssembly: an object file of LLVM becomes a module that stands alone.

A module is a sequence of sections, each a number, a length and a content. An object that has all its functions needs no
linker: what it imports (memory, stack pointer) becomes its own, and the symbol table of its linking section says which
function is which. WebAssembly core specification 2.0, chapter 5; "WebAssembly object file linking" (tool-conventions).
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from hmc.errors import HMCError

CUSTOM, TYPE, IMPORT, FUNCTION, TABLE, MEMORY, GLOBAL, EXPORT, START, ELEMENT, CODE, DATA, DATA_COUNT = range(13)
STACK = 1 << 17  # bytes
PAGE = 1 << 16
_FUNCTION_IMPORT, _TABLE_IMPORT, _MEMORY_IMPORT, _GLOBAL_IMPORT = range(4)
_SYMBOL_TABLE, _DATA_SYMBOL, _SECTION_SYMBOL = 8, 1, 3
_UNDEFINED, _EXPLICIT_NAME = 0x10, 0x40
_I32_CONST, _END = b"\x41", b"\x0b"


class MissingFunctionError(HMCError, ValueError):
    """A function that a module calls and does not have; its name."""


class Assembled(NamedTuple):
    """The sections of a module before data are added, and where they may be put."""

    sections: list[tuple[int, bytes]]
    heap: int  # address of the first byte that neither constants nor the stack have


def assembled(code: bytes, exports: tuple[str, ...]) -> Assembled:
    """The module of an object file, with its exports and its memory. `MissingFunctionError` where it has not all."""
    parts: dict[int, bytes] = {}
    for kind, content in sections(code):
        parts.setdefault(kind, content)
    for kind, name in imports(parts.get(IMPORT, b"\0")):
        if kind == _FUNCTION_IMPORT:
            raise MissingFunctionError(name)
    indices = function_indices(code)
    heap = _aligned(_end_of_data(parts.get(DATA, b"\0"))) + STACK
    entries = [_name(name) + b"\0" + unsigned(indices[name]) for name in exports]
    made = {
        TYPE: parts[TYPE],
        FUNCTION: parts[FUNCTION],
        GLOBAL: b"\1\x7f\1" + _I32_CONST + signed(heap) + _END,  # the stack pointer: it grows downwards
        EXPORT: unsigned(len(entries) + 1) + b"".join(entries) + _name("memory") + b"\2\0",
        CODE: parts[CODE],
        DATA: parts.get(DATA, b"\0"),
    }
    return Assembled(sorted(made.items()), heap)


def module_of(made: Assembled, data: Mapping[int, bytes], top: int, notes: Mapping[str, bytes]) -> bytes:
    """The bytes of a module: {address: bytes} of data, all below `top`, and {name: bytes} of custom sections."""
    segments = [b"\0" + _I32_CONST + signed(at) + _END + unsigned(len(raw)) + raw for at, raw in data.items()]
    pages = b"\1\0" + unsigned(-(-top // PAGE))
    out = b"\0asm\1\0\0\0"
    for kind, content in sorted([*made.sections, (MEMORY, pages)]):
        if kind == DATA:
            count, rest = read(content, 0)
            out += section(kind, unsigned(count + len(segments)) + content[rest:] + b"".join(segments))
        else:
            out += section(kind, content)
    return out + b"".join(section(CUSTOM, _name(name) + content) for name, content in notes.items())


def section(kind: int, content: bytes) -> bytes:
    """The bytes of a section."""
    return bytes([kind]) + unsigned(len(content)) + content


def sections(binary: bytes) -> Iterator[tuple[int, bytes]]:
    """(kind, content) of each section of a module or an object."""
    for kind, begin, end in _places(binary):
        yield kind, binary[begin:end]


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


def imports(content: bytes) -> Iterator[tuple[int, str]]:
    """(kind, name) of each entry of an import section."""
    count, at = read(content, 0)
    for _ in range(count):
        _, at = _read_name(content, at)
        name, at = _read_name(content, at)
        kind = content[at]
        at += 1
        if kind == _FUNCTION_IMPORT:
            _, at = read(content, at)
        elif kind == _GLOBAL_IMPORT:
            at += 2
        else:
            at += kind == _TABLE_IMPORT
            limits, at = read(content, at)
            for _ in range(1 + (limits & 1)):
                _, at = read(content, at)
        yield kind, name


def function_indices(code: bytes) -> dict[str, int]:
    """{name: index} of the functions that an object defines, from the symbol table of its linking section."""
    found: dict[str, int] = {}
    for kind, content in sections(code):
        name, at = _read_name(content, 0) if kind == CUSTOM else ("", 0)
        if name != "linking":
            continue
        _, at = read(content, at)  # the version
        while at < len(content):
            subsection = content[at]
            size, at = read(content, at + 1)
            if subsection == _SYMBOL_TABLE:
                found.update(_function_symbols(content[at : at + size]))
            at += size
    return found


def _function_symbols(table: bytes) -> Iterator[tuple[str, int]]:
    count, at = read(table, 0)
    for _ in range(count):
        kind = table[at]
        flags, at = read(table, at + 1)
        is_defined = not flags & _UNDEFINED
        if kind == _DATA_SYMBOL:
            _, at = _read_name(table, at)
            for _ in range(3 if is_defined else 0):
                _, at = read(table, at)
            continue
        index, at = read(table, at)
        if kind != _SECTION_SYMBOL and (is_defined or flags & _EXPLICIT_NAME):
            name, at = _read_name(table, at)
            if kind == 0 and is_defined:
                yield name, index


def _end_of_data(content: bytes) -> int:
    """The first address beyond all segments of a data section."""
    count, at = read(content, 0)
    end = 0
    for _ in range(count):
        address, at = read(content, at + 2)  # a flag, i32.const
        size, at = read(content, at + 1)  # end
        end, at = max(end, address + size), at + size
    return end


def _aligned(address: int) -> int:
    return -(-address // 16) * 16


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


def _name(name: str) -> bytes:
    return unsigned(len(name.encode())) + name.encode()


def _read_name(binary: bytes, at: int) -> tuple[str, int]:
    length, at = read(binary, at)
    return binary[at : at + length].decode(errors="replace"), at + length

"""WebAssembly objects of LLVM become one module.

An object is a module that imports all it does not have: functions, memory, the stack pointer. Custom sections list its
symbols (functions and data, which it defines or needs) and its relocations: the places in its code and data that hold
the number of a symbol, an index or an address. Objects are put one after another, so these numbers change. Each has
five bytes, room for any other; so nothing else does.

"WebAssembly object file linking" (tool-conventions), of which this is as much as Numba's code needs. Pointers to
functions, weak symbols, data of threads, and functions that run at the start are refused.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from hmc.errors import HMCError
from hmc.web.wasm_format import (
    CODE,
    CUSTOM,
    DATA,
    EXPORT,
    FUNCTION,
    FUNCTION_IMPORT,
    GLOBAL,
    IMPORT,
    MEMORY_IMPORT,
    TYPE,
    Assembled,
    aligned,
    constant,
    data_section,
    imports,
    joined,
    name_of,
    numbers,
    padded,
    read,
    read_name,
    read_signed,
    sections,
    segments,
    unsigned,
    vector,
)

STACK = 1 << 17  # bytes
_STACK_POINTER = "__stack_pointer"
_PARTS: dict[int | str, bytes] = {  # what is read of an object, as it is where the object has no such part
    **dict.fromkeys((TYPE, IMPORT, FUNCTION, CODE, DATA), b"\0"),
    **dict.fromkeys(("linking", "reloc.CODE", "reloc.DATA"), b"\0\0"),
}
_OF_FUNCTION, _OF_DATA, _OF_GLOBAL, _OF_SECTION = range(4)  # kinds of symbols
_SEGMENT_NAMES, _SYMBOL_TABLE = 5, 8  # parts of the linking section
_LOCAL, _UNDEFINED, _EXPLICIT_NAME = 0x2, 0x10, 0x40  # flags of symbols
_KNOWN_FLAGS = _LOCAL | _UNDEFINED | _EXPLICIT_NAME | 0x4 | 0x20 | 0x80  # hidden, exported, not to be stripped
_FUNCTION_INDEX_LEB, _ADDRESS_LEB, _ADDRESS_SLEB, _ADDRESS_I32, _GLOBAL_INDEX_LEB = 0, 3, 4, 5, 7  # relocations


class MissingFunctionError(HMCError, ValueError):
    """A function that a module calls and does not have; its name."""


class Offsets(NamedTuple):
    """Where an object begins in the module, or ends."""

    types: int
    functions: int
    address: int


class Symbol(NamedTuple):
    """What code and data of an object refer to: a function, data, or the stack pointer."""

    kind: int
    name: str
    is_local: bool  # no other object sees it
    number: int | None  # in the module: index of a function, address of data; None: another object defines it


class Object(NamedTuple):
    """An object and where it is in the module."""

    parts: dict[int | str, bytes]  # contents of sections
    symbols: list[Symbol]
    begin: Offsets
    end: Offsets


def assembled(objects: Iterable[bytes], exports: Sequence[str]) -> Assembled:
    """The module of object files, with its exports and its memory.

    MissingFunctionError for a function that none has. HMCError, with the name, for other symbols that none has, for one
    that two have, and for what the head of this file excludes.
    """
    end, placed = Offsets(0, 0, 0), []
    for each in objects:
        placed.append(_placed(each, end))
        end = placed[-1].end
    known = _definitions(symbol for each in placed for symbol in each.symbols)
    linked = [_linked(each, known) for each in placed]
    entries = [name_of(name) + b"\0" + unsigned(_number_of(_OF_FUNCTION, name, known)) for name in exports]
    heap = end.address + STACK
    made = {
        **{kind: joined(each[kind] for each in linked) for kind in (TYPE, FUNCTION, CODE, DATA)},
        GLOBAL: b"\1\x7f\1" + constant(heap),  # the stack pointer: it grows downwards
        EXPORT: vector([*entries, name_of("memory") + b"\2\0"]),
    }
    return Assembled(sorted(made.items()), heap)


def _placed(code: bytes, begin: Offsets) -> Object:
    """An object that begins at a place."""
    parts = dict(_PARTS)
    for kind, content in sections(code):
        name, at = read_name(content, 0) if kind == CUSTOM else ("", 0)
        parts[name or kind] = content[at:]
    functions = []
    for kind, name in imports(parts[IMPORT]):
        if kind == FUNCTION_IMPORT:
            functions.append(name)
        elif kind != MEMORY_IMPORT and name != _STACK_POINTER:
            raise HMCError(f"an object needs {name}")  # a table of functions, or what code at any address needs
    data = [(begin.address + address, len(raw)) for address, raw in segments(parts[DATA])]
    end = Offsets(
        begin.types + read(parts[TYPE], 0)[0],
        begin.functions + read(parts[FUNCTION], 0)[0],
        aligned(max((address + size for address, size in data), default=begin.address)),
    )
    table = _symbol_table(parts["linking"])
    symbols = list(_symbols(table, functions, begin.functions, [address for address, _ in data]))
    return Object(parts, symbols, begin, end)


def _symbol_table(linking: bytes) -> bytes:
    """That of a linking section."""
    table = b"\0"
    _, at = read(linking, 0)  # the version
    while at < len(linking):
        kind = linking[at]
        size, at = read(linking, at + 1)
        if kind == _SYMBOL_TABLE:
            table = linking[at : at + size]
        elif kind != _SEGMENT_NAMES and size:
            raise HMCError(f"an object has a part of kind {kind} in its linking section")
        at += size
    return table


def _symbols(table: bytes, imported: Sequence[str], first: int, addresses: Sequence[int]) -> Iterator[Symbol]:
    """The symbols of a table. `first`: the index of the first function defined; `addresses`: of segments of data."""
    count, at = read(table, 0)
    for _ in range(count):
        kind = table[at]
        flags, at = read(table, at + 1)
        is_defined = not flags & _UNDEFINED
        name, number = "", 0  # the stack pointer is global 0; nothing refers to a section
        if kind == _OF_DATA:
            name, at = read_name(table, at)
            if is_defined:
                segment, at = read(table, at)
                offset, at = read(table, at)
                _, at = read(table, at)  # the size
                number = addresses[segment] + offset
        else:
            index, at = read(table, at)
            if kind != _OF_SECTION and (is_defined or flags & _EXPLICIT_NAME):
                name, at = read_name(table, at)
            if kind == _OF_FUNCTION:
                name, number = name or imported[index], first + index - len(imported)
        if flags & ~_KNOWN_FLAGS or kind > _OF_SECTION or (kind == _OF_GLOBAL and is_defined):
            raise HMCError(f"an object has the symbol {name} of kind {kind} with flags {flags:#x}")
        is_elsewhere = not is_defined and kind != _OF_GLOBAL
        yield Symbol(kind, name, bool(flags & _LOCAL), None if is_elsewhere else number)


def _definitions(symbols: Iterable[Symbol]) -> dict[tuple[int, str], int]:
    """{(kind, name): number} of symbols that all objects see."""
    found: dict[tuple[int, str], int] = {}
    for symbol in symbols:
        if symbol.kind in (_OF_FUNCTION, _OF_DATA) and symbol.number is not None and not symbol.is_local:
            if (symbol.kind, symbol.name) in found:
                raise HMCError(f"two objects define {symbol.name}")
            found[symbol.kind, symbol.name] = symbol.number
    return found


def _number_of(kind: int, name: str, known: Mapping[tuple[int, str], int]) -> int:
    if (kind, name) not in known:
        raise MissingFunctionError(name) if kind == _OF_FUNCTION else HMCError(f"no object defines {name}")
    return known[kind, name]


def _linked(of: Object, known: Mapping[tuple[int, str], int]) -> dict[int, bytes]:
    """The sections of an object with the module's numbers."""
    found = [_number_of(*symbol[:2], known) if symbol.number is None else symbol.number for symbol in of.symbols]
    code = _relocated(of.parts[CODE], of.parts["reloc.CODE"], found)
    data = _relocated(of.parts[DATA], of.parts["reloc.DATA"], found)
    return {
        TYPE: of.parts[TYPE],
        FUNCTION: vector(unsigned(of.begin.types + index) for index in numbers(of.parts[FUNCTION])),
        CODE: code,
        DATA: data_section((of.begin.address + address, raw) for address, raw in segments(data)),
    }


def _relocated(content: bytes, relocations: bytes, found: Sequence[int]) -> bytes:
    """The content of a section with the numbers found for its object's symbols where the relocations say."""
    out = bytearray(content)
    for kind, place, symbol, addend in _relocations(relocations):
        number = found[symbol] + addend
        written = (number % (1 << 32)).to_bytes(4, "little") if kind == _ADDRESS_I32 else padded(number)
        out[place : place + len(written)] = written
    return bytes(out)


def _relocations(content: bytes) -> Iterator[tuple[int, int, int, int]]:
    """(kind, place, symbol, what is added to its number) of each relocation."""
    _, at = read(content, 0)  # of which section
    count, at = read(content, at)
    for _ in range(count):
        kind, addend = content[at], 0
        place, at = read(content, at + 1)
        symbol, at = read(content, at)
        if kind in (_ADDRESS_LEB, _ADDRESS_SLEB, _ADDRESS_I32):
            addend, at = read_signed(content, at)
        elif kind not in (_FUNCTION_INDEX_LEB, _GLOBAL_INDEX_LEB):
            raise HMCError(f"an object has relocations of type {kind}")
        yield kind, place, symbol, addend

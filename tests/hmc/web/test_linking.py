"""hmc.web.linking: objects become one module, whose functions call each other and find their data."""

import base64
import functools
import json
import subprocess

import llvmlite.binding as llvm
import pytest

import hmc
from hmc.web import linking, wasm_format
from hmc.web.linking import MissingFunctionError, assembled
from hmc.web.object_code import object_of, retargeted
from hmc.web.wasm_format import module_of, padded, read, read_signed
from tests.hmc.helpers import node

# Each has data, a pointer to data that is data itself, a place on the stack, and a `helper` of its own type.
FIRST = """
@odd = internal global [3 x i8] c"abc"
@table = internal global [3 x i64] [i64 100, i64 200, i64 300]
@pointer = internal global ptr getelementptr (i64, ptr @table, i32 2)
@shared = global i64 7000
declare i64 @second(i64)
define internal i64 @helper(i64 %x, i64 %more) noinline {
  %place = alloca i64
  store volatile i64 %x, ptr %place
  %y = load volatile i64, ptr %place
  %z = add i64 %y, %more
  ret i64 %z
}
define i64 @first(i64 %x) {
  %a = call i64 @helper(i64 %x, i64 1)
  %b = call i64 @second(i64 %a)
  %p = load volatile ptr, ptr @pointer
  %c = load volatile i64, ptr %p
  %s = add i64 %b, %c
  ret i64 %s
}
define i64 @third(i64 %x) {
  %n = trunc i64 %x to i32
  %p = getelementptr i64, ptr getelementptr (i64, ptr @table, i32 -1), i32 %n
  %v = load volatile i64, ptr %p
  ret i64 %v
}
"""
SECOND = """
@table = internal global [3 x i64] [i64 10000, i64 20000, i64 30000]
@pointer = internal global ptr getelementptr (i64, ptr @table, i32 -1)
@shared = external global i64
declare i64 @third(i64)
define internal i64 @helper(i64 %x) noinline {
  %place = alloca [4 x i64]
  store volatile i64 %x, ptr %place
  %y = load volatile i64, ptr %place
  %z = add i64 %y, 100000
  ret i64 %z
}
define i64 @second(i64 %x) {
  %a = call i64 @helper(i64 %x)
  %p = load volatile ptr, ptr @pointer
  %q = getelementptr i64, ptr %p, i32 2
  %b = load volatile i64, ptr %q
  %c = call i64 @third(i64 %x)
  %d = load volatile i64, ptr @shared
  %s = add i64 %a, %b
  %t = add i64 %s, %c
  %u = add i64 %t, %d
  ret i64 %u
}
"""
EXPORTS = ("first", "second", "third")


def third(x):
    return (100, 200, 300)[x - 1]


def second(x):
    return x + 100_000 + 20_000 + third(x) + 7000


def first(x):
    return second(x + 1) + 300


EXPECTED = [f(x) for f in (first, second, third) for x in (1, 2)]
CALL = """
const answer = (call) => { try { return Number(call()); } catch (error) { return String(error); } };
try {
  const {exports} = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(process.argv[1], "base64")));
  const calls = ["first", "second", "third"].flatMap((name) => [1n, 2n].map((x) => () => exports[name](x)));
  console.log(JSON.stringify(calls.map(answer)));
} catch (error) { console.log(JSON.stringify(String(error))); }
"""


@functools.cache
def made(code):
    """The object of intermediate code."""
    return object_of(llvm.parse_assembly(retargeted(code)).as_bitcode(), simd=True)


def answers(*codes):
    """Those of the functions of linked codes, or of the engine that refuses them."""
    node.require()
    linked = assembled(map(made, codes), EXPORTS)
    module = base64.b64encode(module_of(linked, {}, linked.heap, {})).decode()
    done = subprocess.run(["node", "-e", CALL, module], capture_output=True, text=True, timeout=node.HANGS, check=True)
    return json.loads(done.stdout)


def are_right():
    """Whether the answers are as expected, whichever object comes first, whose addresses do not change."""
    return [answers(FIRST, SECOND), answers(SECOND, FIRST)] == [EXPECTED, EXPECTED]


def test_functions_call_each_other_and_find_their_data():
    assert are_right()


OF_CODE = (linking._FUNCTION_INDEX_LEB, linking._ADDRESS_LEB, linking._ADDRESS_SLEB)


@pytest.mark.parametrize("skipped", [*OF_CODE, linking._ADDRESS_I32])
def test_without_the_relocations_of_a_kind_the_answers_are_others(monkeypatch, skipped):
    """A negative twin for each kind; the stack pointer is global 0 in objects too."""
    whole = linking._relocations
    assert are_right()
    monkeypatch.setattr(linking, "_relocations", lambda content: (r for r in whole(content) if r[0] != skipped))
    assert not are_right()


def test_data_do_not_overlap_and_the_stack_is_behind_them():
    linked = assembled([made(FIRST), made(SECOND)], EXPORTS)
    (data,) = (content for kind, content in linked.sections if kind == wasm_format.DATA)
    segments = list(wasm_format.segments(data))
    ends = [address + len(raw) for address, raw in segments]
    assert all(end <= address for end, (address, _) in zip(ends, segments[1:], strict=False))
    assert linked.heap >= ends[-1] + linking.STACK
    begin = linking._placed(made(FIRST), linking.Offsets(0, 0, 0)).end.address
    assert begin % 16 == 0
    assert begin in [address for address, _ in segments]


def test_a_function_that_no_object_has_is_named():
    with pytest.raises(MissingFunctionError, match=r"^second$"):
        assembled([made(FIRST)], ("first",))
    with pytest.raises(MissingFunctionError, match=r"^fourth$"):
        assembled([made(FIRST), made(SECOND)], ("fourth",))


def test_data_that_no_object_has_are_named():
    alone = "@far = external global i64\ndefine i64 @run() {\n %v = load i64, ptr @far\n ret i64 %v\n}"
    with pytest.raises(hmc.HMCError, match=r"^no object defines far$"):
        assembled([made(alone)], ("run",))


@pytest.mark.parametrize("twice", ["define void @third() {\n ret void\n}", "@shared = global i64 1"])
def test_two_definitions_of_one_name_are_refused(twice):
    with pytest.raises(hmc.HMCError, match=r"^two objects define (third|shared)$"):
        assembled([made(FIRST), made(SECOND), made(twice)], EXPORTS)


FUNCTION = "define void @f() {\n ret void\n}\n"
CONSTRUCTOR = "[1 x {i32, ptr, ptr}] [{i32, ptr, ptr} {i32 1, ptr @f, ptr null}]"
REFUSED = {
    FUNCTION + "@p = global ptr @f": "needs __indirect_function_table",
    "define void @f(ptr %p) {\n call void %p()\n ret void\n}": "needs __indirect_function_table",
    FUNCTION.replace("void @f", "weak void @f"): "has the symbol f of kind 0 with flags 0x1",
    "@d = weak global i64 1": "has the symbol d of kind 1 with flags 0x1",
    "$f = comdat any\n" + FUNCTION.replace("()", "() comdat"): "has a part of kind 7 in its linking section",
    FUNCTION + "@llvm.global_ctors = appending global " + CONSTRUCTOR: "needs __indirect_function_table",
    "@g = addrspace(1) global i32 undef\n"
    "define i32 @f() {\n %v = load i32, ptr addrspace(1) @g\n ret i32 %v\n}": "has the symbol g of kind 2",
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_is_not_linked_is_refused_by_name(code):
    with pytest.raises(hmc.HMCError, match=f"^an object {REFUSED[code]}"):
        assembled([made(code)], ())


def test_an_unknown_relocation_is_refused():
    code = bytearray(made(FIRST))
    code[code.index(b"reloc.CODE") + len("reloc.CODE") + 2] = 1  # behind the section's number and the count
    with pytest.raises(hmc.HMCError, match=r"^an object has relocations of type 1$"):
        assembled([bytes(code), made(SECOND)], EXPORTS)


@pytest.mark.parametrize("number", [0, 1, -1, 63, 64, -64, -65, 2**31 - 1, -(2**31)])
def test_numbers_in_five_bytes(number):
    assert read_signed(padded(number), 0) == (number, 5)
    if number >= 0:
        assert read(padded(number), 0) == (number, 5)

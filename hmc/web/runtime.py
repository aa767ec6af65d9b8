"""The run time of a WebAssembly module, in place of NumPy's and Numba's: a generator, and memory for arrays.

Besides, memory for notes.

`PRODUCTS`, `PCG64`, `MEMORY` and `RESHAPE` are LLVM's intermediate code.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

BIT_GENERATOR = types.NumPyRandomBitGeneratorType("bit_generator")


@intrinsic
def pcg64(typing_context, state):
    """NumPy's bit generator whose functions are those of `PCG64` below, from the address of its four words."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        made = cgutils.create_struct_proxy(BIT_GENERATOR)(context, builder)
        made.state = made.state_address = arguments[0]
        word = ir.IntType(64)
        for field, result in (("next_uint64", word), ("next_double", ir.DoubleType())):
            function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(result, (word,)), f"hmc_{field}")
            setattr(made, f"fnptr_{field}", builder.ptrtoint(function, word))
        return made._getvalue()

    return BIT_GENERATOR(types.uintp), generate


@intrinsic
def note(typing_context, number):
    """Add a number to the notes: `hmc_note` of `MEMORY` below."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        of_note = ir.FunctionType(ir.VoidType(), (ir.DoubleType(),))
        builder.call(cgutils.get_or_insert_function(builder.module, of_note, "hmc_note"), arguments)
        return context.get_dummy_value()

    return types.void(types.float64), generate


# Products of 128 bits. LLVM calls `__multi3` for them, which is a function of compilers' own libraries: where it writes
# the sum of a loop over i, or of i j, as a formula. It takes and gives 64-bit halves, the lower first. This and PCG64
# are joined to the sampler after LLVM has optimised that: it would see what is meant, and call `__multi3` here too.
PRODUCTS = """
define i64 @hmc_high_product(i64 %a, i64 %b) {
  %al = and i64 %a, 4294967295
  %ah = lshr i64 %a, 32
  %bl = and i64 %b, 4294967295
  %bh = lshr i64 %b, 32
  %p0 = mul i64 %al, %bl
  %p1 = mul i64 %al, %bh
  %p2 = mul i64 %ah, %bl
  %p3 = mul i64 %ah, %bh
  %c0 = lshr i64 %p0, 32
  %l1 = and i64 %p1, 4294967295
  %l2 = and i64 %p2, 4294967295
  %s1 = add i64 %c0, %l1
  %s2 = add i64 %s1, %l2
  %c2 = lshr i64 %s2, 32
  %h1 = lshr i64 %p1, 32
  %h2 = lshr i64 %p2, 32
  %t1 = add i64 %p3, %h1
  %t2 = add i64 %t1, %h2
  %t3 = add i64 %t2, %c2
  ret i64 %t3
}
define void @__multi3(ptr %out, i64 %al, i64 %ah, i64 %bl, i64 %bh) {
  %low = mul i64 %al, %bl
  %top = call i64 @hmc_high_product(i64 %al, i64 %bl)
  %m1 = mul i64 %ah, %bl
  %m2 = mul i64 %al, %bh
  %t1 = add i64 %top, %m1
  %high = add i64 %t1, %m2
  %p1 = getelementptr i64, ptr %out, i32 1
  store i64 %low, ptr %out
  store i64 %high, ptr %p1
  ret void
}
"""

# PCG XSL RR 128/64 (O'Neill 2014), as NumPy's PCG64. The state is four 64-bit words: state high, low, increment high,
# low.
PCG64 = """
define i64 @hmc_next_uint64(i64 %address) {
  %p = inttoptr i64 %address to ptr
  %p1 = getelementptr i64, ptr %p, i32 1
  %p2 = getelementptr i64, ptr %p, i32 2
  %p3 = getelementptr i64, ptr %p, i32 3
  %hi = load i64, ptr %p
  %lo = load i64, ptr %p1
  %ih = load i64, ptr %p2
  %il = load i64, ptr %p3
  %top = call i64 @hmc_high_product(i64 %lo, i64 4865540595714422341)
  %m1 = mul i64 %hi, 4865540595714422341
  %m2 = mul i64 %lo, 2549297995355413924
  %low = mul i64 %lo, 4865540595714422341
  %t1 = add i64 %top, %m1
  %t2 = add i64 %t1, %m2
  %l = add i64 %low, %il
  %carry = icmp ult i64 %l, %low
  %c = zext i1 %carry to i64
  %t3 = add i64 %t2, %ih
  %h = add i64 %t3, %c
  store i64 %h, ptr %p
  store i64 %l, ptr %p1
  %x = xor i64 %h, %l
  %r = lshr i64 %h, 58
  %out = call i64 @llvm.fshr.i64(i64 %x, i64 %x, i64 %r)
  ret i64 %out
}
declare i64 @llvm.fshr.i64(i64, i64, i64)
define double @hmc_next_double(i64 %address) {
  %n = call i64 @hmc_next_uint64(i64 %address)
  %k = lshr i64 %n, 11
  %d = uitofp i64 %k to double
  %u = fmul double %d, 0x3CA0000000000000
  ret double %u
}
"""

# The memory of arrays that a density makes: blocks one after another, from the address that `hmc_room` is given. It
# begins there anew when all that was given is given back, and with each call of the density (`hmc_anew`): one that
# raises an exception gives nothing back. A block begins with the five fields of Numba's MemInfo: count, destructor, its
# argument, data, size. Notes are taken between two calls of the density: a note is written where the room begins, which
# then begins behind it.
MEMORY = """
%info = type { i64, ptr, ptr, ptr, i64 }
@hmc_top = internal global i32 0
@hmc_live = internal global i32 0
@hmc_base = internal global i32 0
define void @hmc_room(i32 %base) {
  store i32 %base, ptr @hmc_base
  ret void
}
define void @hmc_anew() {
  %base = load i32, ptr @hmc_base
  %padded = add i32 %base, 15
  %whole = and i32 %padded, -16
  store i32 %whole, ptr @hmc_top
  store i32 0, ptr @hmc_live
  ret void
}
define void @hmc_reach(i32 %end) noinline {
  %pages = call i32 @llvm.wasm.memory.size.i32(i32 0)
  %needed0 = add i32 %end, 65535
  %needed = lshr i32 %needed0, 16
  %short = icmp ugt i32 %needed, %pages
  br i1 %short, label %grow, label %fits
grow:
  %more = sub i32 %needed, %pages
  %old = call i32 @llvm.wasm.memory.grow.i32(i32 0, i32 %more)
  %failed = icmp eq i32 %old, -1
  br i1 %failed, label %none, label %fits
none:
  call void @llvm.trap()
  unreachable
fits:
  ret void
}
define void @hmc_note(double %number) noinline {
  %base = load i32, ptr @hmc_base
  %next = add i32 %base, 8
  call void @hmc_reach(i32 %next)
  %place = inttoptr i32 %base to ptr
  store double %number, ptr %place
  store i32 %next, ptr @hmc_base
  ret void
}
define ptr @hmc_block(i64 %size) {
  %top = load i32, ptr @hmc_top
  %n = trunc i64 %size to i32
  %padded = add i32 %n, 79
  %whole = and i32 %padded, -16
  %next = add i32 %top, %whole
  store i32 %next, ptr @hmc_top
  call void @hmc_reach(i32 %next)
  %live = load i32, ptr @hmc_live
  %live1 = add i32 %live, 1
  store i32 %live1, ptr @hmc_live
  %block = inttoptr i32 %top to ptr
  %data = getelementptr i8, ptr %block, i32 48
  store i64 1, ptr %block
  %d = getelementptr %info, ptr %block, i32 0, i32 3
  store ptr %data, ptr %d
  %s = getelementptr %info, ptr %block, i32 0, i32 4
  store i64 %size, ptr %s
  ret ptr %block
}
declare i32 @llvm.wasm.memory.size.i32(i32)
declare i32 @llvm.wasm.memory.grow.i32(i32, i32)
declare void @llvm.trap()
define ptr @NRT_MemInfo_alloc_aligned(i64 %size, i32 %align) {
  %r = call ptr @hmc_block(i64 %size)
  ret ptr %r
}
define ptr @NRT_MemInfo_alloc_safe_aligned(i64 %size, i32 %align) {
  %r = call ptr @hmc_block(i64 %size)
  ret ptr %r
}
define ptr @NRT_MemInfo_alloc(i64 %size) {
  %r = call ptr @hmc_block(i64 %size)
  ret ptr %r
}
define void @NRT_MemInfo_call_dtor(ptr %block) {
  %live = load i32, ptr @hmc_live
  %live1 = sub i32 %live, 1
  store i32 %live1, ptr @hmc_live
  %none = icmp eq i32 %live1, 0
  br i1 %none, label %reset, label %done
reset:
  call void @hmc_anew()
  br label %done
done:
  ret void
}
"""

# `numba_attempt_nocopy_reshape`, which Numba calls for `array.reshape`: the strides of the new shape, and 1; or 0 where
# the array is not one block in C order.
RESHAPE = """
define i32 @numba_attempt_nocopy_reshape(i64 %nd, ptr %dims, ptr %strides, i64 %newnd, ptr %newdims,
                                         ptr %newstrides, i64 %itemsize, i32 %isf) {
entry:
  %start = sub i64 %nd, 1
  %fortran = icmp ne i32 %isf, 0
  br i1 %fortran, label %no, label %check
check:
  %k = phi i64 [ %start, %entry ], [ %k1, %same ]
  %size = phi i64 [ %itemsize, %entry ], [ %larger, %same ]
  %checked = icmp slt i64 %k, 0
  br i1 %checked, label %begin, label %one
one:
  %i = trunc i64 %k to i32
  %dp = getelementptr i64, ptr %dims, i32 %i
  %d = load i64, ptr %dp
  %sp = getelementptr i64, ptr %strides, i32 %i
  %s = load i64, ptr %sp
  %fits = icmp eq i64 %s, %size
  %single = icmp eq i64 %d, 1
  %ok = or i1 %fits, %single
  br i1 %ok, label %same, label %no
same:
  %larger = mul i64 %size, %d
  %k1 = sub i64 %k, 1
  br label %check
begin:
  %last = sub i64 %newnd, 1
  br label %fill
fill:
  %j = phi i64 [ %last, %begin ], [ %j1, %put ]
  %width = phi i64 [ %itemsize, %begin ], [ %wider, %put ]
  %done = icmp slt i64 %j, 0
  br i1 %done, label %yes, label %put
put:
  %n = trunc i64 %j to i32
  %np = getelementptr i64, ptr %newstrides, i32 %n
  store i64 %width, ptr %np
  %mp = getelementptr i64, ptr %newdims, i32 %n
  %m = load i64, ptr %mp
  %wider = mul i64 %width, %m
  %j1 = sub i64 %j, 1
  br label %fill
yes:
  ret i32 1
no:
  ret i32 0
}
"""

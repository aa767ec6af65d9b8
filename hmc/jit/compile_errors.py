"""Numba's report of a function that does not compile, which is a page or more, in one line that names the author's."""

import os
import re

from hmc.author_errors import code_line

# What an author meets most, in the author's words: (pattern in Numba's reason, what is said instead).
_KNOWN = (
    (r"float\(\) only support.*", "what it returns is not a number"),
    (
        r"(?:Untyped global name|Untyped freevar|Invalid use of) '(\w+)'.*<class 'function'>",
        r"\1 is a plain Python function: mark it with @numba.njit",
    ),
    (r"Untyped (?:global name|freevar) '(\w+)': (.*)", r"it cannot use \1, of outside the function: \2"),
    (r"Cannot modify readonly array.*", "it writes to an array of outside the function, which is constant to it"),
    (r"Unknown attribute '(\w+)' of type (\w+)\(.*", r"\2 has no attribute '\1'"),
    (r"Cannot bind 'args=.*to signature '\((.*)\).*", r"it takes (\1), but is called with three arguments"),
    (r".*unsupported opcode \(IMPORT_NAME\).*", "it imports a module: do so at the top of the file"),
    (r".*unsupported opcode \(STORE_GLOBAL\).*", "it changes a global variable"),
    (r".*unsupported opcode \((\w+)\).*", r"it uses what Numba does not know, \1"),
)
_NO_REASON = ("Failed in", "No implementation of", "No match", ">>>", "File ", "During", "There are", "- ", "With arg")


def compile_error(error: BaseException) -> str:
    """One line: the reason, and `(heights.py, line 31: total += helper(mu))` where Numba names a line."""
    text = str(error) or type(error).__name__
    lines = [line.strip() for line in text.splitlines()]
    inner = [found[1] for line in lines if (found := re.match(r"\w*Error: (.+)", line))]
    calls = [f"Numba has no {line.removeprefix('>>> ')}" for line in lines if line.startswith(">>> ")]
    plain = [line for line in lines if line and not line.startswith(_NO_REASON)]
    reasons = (line for line in [*reversed(inner), *calls, *plain] if not line.startswith(_NO_REASON))
    reason = next(reasons, text[:100].strip())
    if reason.startswith("name '") and "not defined" in reason:
        reason = f"NameError: {reason}"
    for pattern, said in _KNOWN:
        if re.search(pattern, reason):
            reason = re.sub(f"^.*?{pattern}", said, reason, count=1)
            break
    return reason.rstrip(":. ").replace("\n", " ") + _place(text)


def _place(text: str) -> str:
    """Where in the author's file it is, of the places that the report names; "" where it names none."""
    for path, number in re.findall(r'^File "([^"]+)", line (\d+):', text, flags=re.MULTILINE):
        if "site-packages" not in path and not path.endswith(os.path.join("jit", "compiled.py")):
            return f" ({code_line(path, int(number))})"
    found = re.search(r"Raised from (\S+) \((\d+)\)", text)
    return f" ({code_line(found[1], int(found[2]))})" if found else ""

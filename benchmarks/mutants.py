"""How many small changes of the code do its tests notice?

    python benchmarks/mutants.py FILE ... [--count 20] [--seed 1] [--tests PATH ...] [--seconds 300]

Makes changes of the files, one at a time, in a copy of the project: a comparison or a sign turned, a number moved, a
condition reversed, a statement left out. After each the nearest tests run: those whose file has the name of the changed
one, else those of its folder under tests/. Prints a line per change, what was noticed last, and the score. The same
seed makes the same changes. Some changes that nobody notices change nothing (they are equivalent): look at each.
"""

import argparse
import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
TURNED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


def turned_comparison(node):
    """`a < b` as `a <= b`."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in TURNED:
        node.ops[0] = TURNED[type(node.ops[0])]()
        return node
    return None


def turned_operator(node):
    """`a + b` as `a - b`, `a and b` as `a or b`."""
    if isinstance(node, (ast.BinOp, ast.AugAssign, ast.BoolOp)) and type(node.op) in TURNED:
        node.op = TURNED[type(node.op)]()
        return node
    return None


def moved_number(node):
    """A whole number and one, another times 1.5; 0.0 is 0.5."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        node.value = node.value + 1 if isinstance(node.value, int) else node.value * 1.5 or 0.5
        return node
    return None


def reversed_condition(node):
    """`if a` as `if not a`."""
    if isinstance(node, (ast.If, ast.IfExp, ast.While)):
        node.test = ast.UnaryOp(ast.Not(), node.test)
        return node
    return None


def left_out(node):
    """A call or an update that does nothing."""
    is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    if isinstance(node, (ast.Expr, ast.AugAssign)) and not is_docstring:
        return ast.Pass()
    return None


KINDS = (turned_comparison, turned_operator, moved_number, reversed_condition, left_out)


def places(tree):
    """(number of a node in `ast.walk`, kind) of each change that can be made within functions; annotations are left."""
    inside, annotations = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for statement in node.body:
                inside.update(map(id, ast.walk(statement)))
            for part in (node.returns, *(a.annotation for a in [*node.args.args, *node.args.kwonlyargs])):
                annotations.update(map(id, ast.walk(part)) if part else ())
        if isinstance(node, ast.AnnAssign):
            annotations.update(map(id, ast.walk(node.annotation)))
    found = []
    for number, node in enumerate(ast.walk(tree)):
        if id(node) in inside - annotations and hasattr(node, "lineno"):
            found += [(number, kind) for kind in KINDS if kind(copy.deepcopy(node)) is not None]
    return found


class Change(ast.NodeTransformer):
    """Changes one node of a tree."""

    def __init__(self, target, kind):
        self.target, self.kind = target, kind

    def visit(self, node):
        """The node, or what takes its place."""
        if node is self.target:
            return ast.copy_location(self.kind(node), node)
        return self.generic_visit(node)


def changed(source, number, kind):
    """(the changed source, the line, what stood there, what stands there)."""
    tree = ast.parse(source)
    target = list(ast.walk(tree))[number]
    line, before = target.lineno, ast.unparse(target).splitlines()[0]
    tree = ast.fix_missing_locations(Change(target, kind).visit(tree))
    after = ast.unparse(target if kind is not left_out else ast.Pass()).splitlines()[0]
    return ast.unparse(tree), line, before, after


def nearest_tests(file):
    """The tests of a file: tests/PACKAGE/.../test_NAME.py, else the folder of those."""
    folder = ROOT / "tests" / file.parent
    alone = folder / f"test_{file.stem.strip('_')}.py"
    return [alone if alone.is_file() else folder if folder.is_dir() else ROOT / "tests" / file.parts[0]]


def are_noticed(root, tests, seconds):
    """Whether the tests fail in a copy of the project, or do not end in time."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *map(str, tests)]
    environment = dict(os.environ) | {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, help="of the project, as hmc/sampler/nuts.py")
    parser.add_argument("--count", type=int, default=20, help="changes in all (default 20)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tests", nargs="+", type=Path, help="tests to run (default: the nearest)")
    parser.add_argument("--seconds", type=float, default=300, help="that the tests may take (default 300)")
    options = parser.parse_args()
    files = [file.resolve().relative_to(ROOT) for file in options.files]
    sources = {file: (ROOT / file).read_text(encoding="utf-8") for file in files}
    possible = [(file, *place) for file in files for place in places(ast.parse(sources[file]))]
    chosen = random.Random(options.seed).sample(possible, min(options.count, len(possible)))
    noticed = 0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "project"
        for package in ("hmc", "models", "diagnostics", "figures", "tests", "benchmarks", "docs"):
            shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
        for file in ROOT.iterdir():
            if file.is_file():
                shutil.copy(file, root)
        right = set()
        for file, number, kind in chosen:
            tests = options.tests or nearest_tests(file)
            tests = [path.resolve().relative_to(ROOT) for path in tests]
            if str(tests) not in right and are_noticed(root, tests, options.seconds):
                sys.exit(f"mutants: {' '.join(map(str, tests))} fail, or take too long, without a change")
            right.add(str(tests))
            source, line, before, after = changed(sources[file], number, kind)
            (root / file).write_text(source, encoding="utf-8")
            is_noticed = are_noticed(root, tests, options.seconds)
            (root / file).write_text(sources[file], encoding="utf-8")
            noticed += is_noticed
            print(f"{'noticed' if is_noticed else 'PASSED '} {file}:{line}: {before}  ->  {after}", flush=True)
    print(f"{noticed} of {len(chosen)} noticed: {100.0 * noticed / max(1, len(chosen)):.0f}%")


if __name__ == "__main__":
    main()

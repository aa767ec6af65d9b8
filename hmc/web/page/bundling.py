"""Modules of JavaScript become one script: each after those that it imports, without `import`, `export` and comments.

They share one scope then, so that a name stands for one thing in all of them. Written for the project's own modules,
which say `import { a, b } from "./file.mjs";` at the top and `export function`, `export const` or `export class`.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async function\*?|function\*?|const|class) )", re.MULTILINE)
_DECLARED = re.compile(r"^(export )?(?:async function|function|const|let|class)\*? (\w+|[{\[].*?[}\]] =)", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*(?://.*|/\*\*[\s\S]*?\*/)\n", re.MULTILINE)  # of whole lines
_OTHER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


class _Script(NamedTuple):
    path: Path
    text: str  # without imports and exports
    imports: list[tuple[Path, str]]  # (module, name)
    exported: set[str]
    names: list[str]  # at the top level


def bundle(entry: Path) -> str:
    """The script of a module and of all that it imports.

    ValueError for two modules that have a top-level name in common, a name that is imported and not exported, and an
    `import` or `export` of another form.
    """
    scripts = {script.path: script for script in _in_order(entry.resolve(), {})}
    homes: dict[str, Path] = {}
    for script in scripts.values():
        for name in script.names:
            if homes.setdefault(name, script.path) != script.path:
                raise ValueError(f"{name} is a top-level name of both {homes[name].name} and {script.path.name}")
        for module, name in script.imports:
            if name not in scripts[module].exported:
                raise ValueError(f"{script.path.name} imports {name}, which {module.name} does not export")
    return "\n".join(script.text for script in scripts.values())


def _in_order(path: Path, read: dict[Path, _Script | None]) -> Iterator[_Script]:
    """The scripts that `path` needs and that are not `read` yet, itself the last."""
    if path in read:
        if read[path] is None:
            raise ValueError(f"{path.name} imports itself")
        return
    read[path] = None
    script = _read(path)
    for module, _ in script.imports:
        yield from _in_order(module, read)
    read[path] = script
    yield script


def _read(path: Path) -> _Script:
    source = path.read_text(encoding="utf-8")
    imports = [
        ((path.parent / file).resolve(), name)
        for names, file in _IMPORT.findall(source)
        for name in (part.strip() for part in names.split(","))
        if name
    ]
    text = _COMMENT.sub("", _EXPORT.sub("", _IMPORT.sub("", source)))
    if other := _OTHER.search(text):
        raise ValueError(f"{path.name}: a page cannot hold `{other[0]}`")
    if odd := next((name for _, name in imports if not name.isidentifier()), None):
        raise ValueError(f"{path.name}: a page cannot import `{odd}`")
    declared = _DECLARED.findall(source)
    if odd := next((name for _, name in declared if not name.isidentifier()), None):
        raise ValueError(f"{path.name}: at the top level, declare one name at a time, not `{odd}`")
    exported = {name for export, name in declared if export}
    return _Script(path, text, imports, exported, [name for _, name in declared])

"""Modules become one script: in order, with names told apart, and what is not understood is refused."""

import re
import shutil
import subprocess

import pytest

from hmc.web.page import building
from hmc.web.page.bundling import bundle
from tests.hmc.helpers import node

SHARED = 'export const base = 40;\nexport function plus(x) {\n  return base + x;\n}\nconst unused = "export x";\n'
MIDDLE = 'import { base } from "./shared.mjs";\n\nexport class Box {\n  value = base;\n}\n'
MAIN = (
    'import { Box } from "./middle.mjs";\nimport {\n  base, plus,\n} from "./shared.mjs";\n\n'
    "console.log(plus(2), new Box().value, base);\n"
)


@pytest.fixture
def entry(tmp_path):
    """Write modules, {name: text}, and give the path of main.mjs."""

    def write(**texts):
        for name, text in {"shared": SHARED, "middle": MIDDLE, "main": MAIN, **texts}.items():
            (tmp_path / f"{name}.mjs").write_text(text)
        return tmp_path / "main.mjs"

    return write


def test_a_bundle_does_what_its_modules_do(entry):
    node.require()
    script = bundle(entry())
    run = subprocess.run(["node", "--input-type=module"], input=script, capture_output=True, text=True, check=True)
    assert run.stdout == "42 40 40\n"
    assert script.count("const base = 40") == 1


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"middle": MIDDLE + "const plus = 1;\n"}, "plus is a top-level name of both shared.mjs and middle.mjs"),
        ({"main": MAIN.replace("plus,", "minus,")}, "main.mjs imports minus, which shared.mjs does not export"),
        ({"main": MAIN.replace("plus,", "unused,")}, "main.mjs imports unused, which shared.mjs does not export"),
        ({"main": 'import all from "./shared.mjs";\n'}, "main.mjs: a page cannot hold `import all"),
        ({"main": 'import { plus as add } from "./shared.mjs";\n'}, "main.mjs: a page cannot import `plus as add`"),
        ({"middle": MIDDLE + "export default 3;\n"}, "middle.mjs: a page cannot hold `export default 3;`"),
        ({"shared": SHARED + "const [a, b] = [1, 2];\n"}, "shared.mjs: at the top level, declare one name at a time"),
        ({"shared": 'import { Box } from "./middle.mjs";\n' + SHARED}, "imports itself"),
    ],
)
def test_what_a_page_cannot_hold_is_refused(entry, texts, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        bundle(entry(**texts))


def test_comments_of_whole_lines_are_left_out_and_no_others(entry):
    text = (
        "// One.\n/** Two,\n * of two lines. */\n" + MAIN + "  // Three.\n"
        'const url = "https://four"; // five\nconst six = 2 /** seven */ * 3;\n'
    )
    script = bundle(entry(main=text))
    assert [word in script for word in ("One", "Two", "two lines", "Three")] == [False] * 4
    assert [word in script for word in ("https://four", "// five", "/** seven */ * 3")] == [True] * 3


@pytest.mark.parametrize("script", ["main", "worker"])
def test_the_pages_scripts_are_bundles(script, tmp_path):
    node.require()
    path = tmp_path / "script.mjs"
    path.write_text(bundle(building._HERE / "js" / f"{script}.mjs"))
    done = subprocess.run([shutil.which("node"), "--check", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_no_character_of_data_ends_an_element():
    written = building._as_data({"name": "</script><!--<script>&amp;"})
    assert not set(written) & set("<>&")

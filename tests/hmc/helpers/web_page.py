"""The page of `hmc explore` in a browser: what `window.hmc` gives, exactly; and a module of other draws."""

import re
import time
from pathlib import Path

from hmc.web.page import Target, page
from tests.figures.helpers import browser
from tests.hmc.helpers import node

EXACT = Path(__file__).with_name("exact.mjs").read_text(encoding="utf-8").replace("export ", "")
ASK = f"""{EXACT}
const [call, name, settings, done] = arguments;
window.hmc.ready.then(() => window.hmc[call](name, settings))
  .then((answer) => done(JSON.stringify(answer, exact)), (error) => done(JSON.stringify({{ error: `${{error}}` }})));
"""
HANGS = 180  # seconds


class View:
    """A view of a page that is shown; conditions are waited for."""

    ROOT = "document.getElementById('view-NAME')"

    def __init__(self, driver, name, wait):
        self.driver, self.name, self.wait = driver, name, wait

    def ask(self, script, *arguments):
        return self.driver.execute_script(f"const root = {self.ROOT.replace('NAME', self.name)}; {script}", *arguments)

    def until(self, condition, what):
        end = time.monotonic() + self.wait
        while not condition(self):
            assert time.monotonic() < end, f"{what}: {self.ask('return root.innerText')[:600]}"
            time.sleep(0.05)
        return self


def shown(driver, models, folder):
    """Show a page of models, and give its path."""
    path = folder / "page.html"
    path.write_text(page([Target(model) for model in models]), encoding="utf-8")
    browser.show(driver, path)
    return path


def asked(driver, call, name, settings):
    """What `window.hmc.sample` or `.record` gives: arrays with the bits of their numbers; {"error"} where it throws."""
    driver.set_script_timeout(HANGS)
    return node.read(driver.execute_async_script(ASK, call, name, settings))


def differences(driver, model, settings):
    """[(seed, name)] of positions and statistics of the page that are not those of `hmc.sample`."""
    found = []
    for each in settings:
        answer = asked(driver, "sample", model.name, each)
        assert "error" not in answer, answer
        given = {"position": answer["position"], **answer["stats"], "warmup_position": answer["warmup"]}
        given |= {f"warmup_{name}": values for name, values in answer["warmup_stats"].items()}
        found += [(each["seed"], name) for name in node.not_of_library(model, each, given)]
    return found


def of_other_draws(module):
    """A module whose description has another first digit in the position that its short chain ends at."""
    before, digit, after = re.split(rb'(?<="position": \[)(-?\d)', module, maxsplit=1)
    return before + (digit[:-1] + (b"3" if digit[-1:] != b"3" else b"4")) + after

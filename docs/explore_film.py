"""Writes docs/explore.gif: the NUTS transition of docs/nuts_trajectory.png in the page of `hmc explore`, in Chromium.

python docs/explore_film.py  (from the root of a checkout; it needs selenium, chromium and chromedriver)
"""

import base64
import io
import json
import tempfile
import time
import urllib.parse
from pathlib import Path

from PIL import Image
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from hmc import cli
from tests.figures.helpers import browser

OUT = Path(__file__).with_name("explore.gif")
WIDTH = 800  # pixels
COLOURS = 48
STATE = {"model": "plane", "start": [-1.2, -0.9], "step_size": 0.2, "metric": "unit", "seed": 142}
MOST = 90  # events
MILLISECONDS, LAST = 400, 3000


def frames(driver, page):
    """Pictures of the page after each event of a transition."""
    browser.show(driver, page)
    screen = {"width": 1280, "height": 1120, "deviceScaleFactor": 1, "mobile": False}  # as high as all of the view
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    driver.get("about:blank")
    driver.get(f"{page.as_uri()}#{urllib.parse.quote(json.dumps(STATE))}")
    drawn = "return document.querySelector('.plane')?.dataset.drawn ?? null"
    while driver.execute_script(drawn) is None:
        time.sleep(0.1)
    time.sleep(0.5)
    box = driver.execute_script(
        "const box = (name) => document.querySelector(name).getBoundingClientRect();"
        "const [stage, telling] = [box('.stage'), box('.telling')];"
        "const [width, height] = [telling.right - stage.x, Math.max(stage.height, telling.height)];"
        "return {x: stage.x - 8, y: stage.y - 8, width: width + 16, height: height + 16, scale: 1}"
    )
    for _ in range(MOST):
        yield _picture(driver, box)
        ActionChains(driver).send_keys(Keys.ARROW_RIGHT).perform()
        if not driver.execute_script(drawn).startswith("0."):
            return


def _picture(driver, box):
    shot = driver.execute_cdp_cmd("Page.captureScreenshot", {"clip": box})
    picture = Image.open(io.BytesIO(base64.b64decode(shot["data"]))).convert("RGB")
    return picture.resize((WIDTH, round(WIDTH * picture.height / picture.width)), Image.Resampling.LANCZOS)


def main():
    with tempfile.TemporaryDirectory() as folder, browser.started() as driver:
        page = Path(folder) / "explore.html"
        assert cli.main(["explore", STATE["model"], "--out", str(page)]) == 0
        shown = list(frames(driver, page))
    palette = shown[-1].quantize(COLOURS, method=Image.Quantize.FASTOCTREE)
    first, *others = [each.quantize(palette=palette, dither=Image.Dither.NONE) for each in shown]
    durations = [MILLISECONDS] * len(others) + [LAST]
    first.save(OUT, save_all=True, append_images=others, duration=durations, loop=0, optimize=True)
    print(f"{OUT}: {len(shown)} pictures, {OUT.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()

"""What is wrong with a page when a browser shows it: functions of a browser and a page's path, to lists of faults.

A fault is a text; a sound page has none. `CHECKS` are all of them. They know nothing of the lecture in the page.
"""

import base64
import contextlib
import io
import os
import re
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

NARROW, WIDE = 400, 1280
LEAST_SCALE = 0.6  # of a picture's own size: its smallest letters, of 11 points, are then 9 pixels tall
CONTRAST = 4.5  # WCAG 2.2, 1.4.3, level AA
SCRIPTS = Path(__file__).with_name("browser.js").read_text()
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def is_installed():
    return bool(shutil.which("chromium") and shutil.which("chromedriver"))


def require():
    """Skip the test where there is no browser; HMC_REQUIRE_BROWSER=1 in the environment says that there must be one."""
    if not is_installed():
        missing = "looks at a page in Chromium, which needs the programs chromium and chromedriver"
        pytest.fail(missing) if os.environ.get("HMC_REQUIRE_BROWSER") == "1" else pytest.skip(missing)


@contextlib.contextmanager
def started():
    """A browser without a window and with a profile of its own, that ends with the block."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
        try:
            yield driver
        finally:
            driver.quit()


def show(driver, path, width=WIDE, scheme="light", motion="no-preference", fragment=""):
    """Open the page anew as a reader with such a screen and such wishes sees it; `fragment` is of its address."""
    media = [{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": motion}]
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": media})
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    driver.get("about:blank")
    driver.get_log("browser")  # of what was shown before
    driver.get(f"{Path(path).resolve().as_uri()}#{fragment}")


def ask(driver, function, *arguments):
    """What a function of browser.js answers."""
    return driver.execute_script(f"{SCRIPTS}\nreturn {function}(...arguments)", *arguments)


def noise(driver, path):
    """Messages in the console, and whatever was fetched that is not in the page."""
    show(driver, path)
    fetched = [f"fetched: {name}" for name in ask(driver, "fetched")]
    return fetched + [f"console: {entry['message']}" for entry in driver.get_log("browser")]


def structure(driver, path):
    """Ids that are not unique, links that lead nowhere or away, headings out of order, no language, no title."""
    show(driver, path)
    return ask(driver, "structureFaults")


def pictures(driver, path):
    """Pictures that cannot be shown, have no words in their place, or would move the page when they appear."""
    show(driver, path)
    return ask(driver, "pictureFaults")


def formulas(driver, path):
    """Formulas that cannot be seen."""
    show(driver, path)
    return ask(driver, "formulaFaults")


def widths(driver, path):
    """What is wider than a narrow or a wide screen, with everything unfolded, and cannot be scrolled by keyboard."""
    faults = []
    for width in (NARROW, WIDE):
        show(driver, path, width)
        faults += [f"{width} pixels: {fault}" for fault in ask(driver, "widthFaults")]
    return faults


def colours(driver, path):
    """Text that is hard to read, in light and in dark; a page that is the same in both."""
    faults, backgrounds = [], set()
    for scheme in ("light", "dark"):
        show(driver, path, scheme=scheme)
        found, background = ask(driver, "contrastFaults", CONTRAST)
        faults += [f"{scheme}: {fault}" for fault in found]
        backgrounds.add(background)
    return faults + (["light and dark are the same"] if len(backgrounds) == 1 else [])


def keyboard(driver, path):
    """What a reader without a mouse cannot do: skip to the text, reach the contents, see where they are, unfold."""
    faults = []
    for width in (NARROW, WIDE):
        show(driver, path, width)
        steps = [ask(driver, "focused") for _ in range(3) if not _press(driver, Keys.TAB)]
        expected = ("skip", "contents", "contents" if width == WIDE else "main")
        faults += [
            f"{width} pixels: Tab {i + 1} is in the {step['place']}, not the {place}"
            for i, (step, place) in enumerate(zip(steps, expected, strict=True))
            if step["place"] != place
        ]
        faults += [f"{width} pixels: no outline around {s['text']}" for s in steps if not s["outlined"]]
    show(driver, path)
    _press(driver, Keys.TAB, Keys.ENTER, Keys.TAB)
    if ask(driver, "focused")["place"] != "main":
        faults.append("the first link does not skip to the text")
    for i in range(ask(driver, "folded")):
        ask(driver, "focusFolded", i)
        _press(driver, Keys.ENTER)
        faults += ask(driver, "unfoldFaults", i)
    return faults


def films(driver, path):
    """Films that move when the reader wants no motion, cannot be stopped by keyboard, or cannot be played."""
    faults = []
    for motion, first, then in (("no-preference", True, False), ("reduce", False, True)):
        show(driver, path, motion=motion)
        for moves in (first, then):
            faults += [f"motion {motion}: {fault}" for fault in ask(driver, "filmFaults", moves)]
            for i in range(ask(driver, "switches")):
                ask(driver, "focusSwitch", i)
                _press(driver, Keys.SPACE)
    return faults


def sizes(driver, path):
    """Pictures whose letters are too small, on a narrow or a wide screen; and those that cannot be enlarged."""
    faults = []
    for width in (NARROW, WIDE):
        show(driver, path, width)
        faults += [f"{width} pixels: {fault}" for fault in ask(driver, "sizeFaults", LEAST_SCALE)]
        faults += [f"{width} pixels: {fault}" for fault in ask(driver, "enlargeFaults")]
    return faults


def dark_pictures(driver, path):
    """Pictures that stay bright on a dark page, or are dark on a bright one."""
    faults = []
    for scheme in ("light", "dark"):
        show(driver, path, scheme=scheme)
        ask(driver, "unfold")
        for picture in driver.find_elements("css selector", "figure .enlarge"):
            if picture.is_displayed():
                shown = np.asarray(Image.open(io.BytesIO(picture.screenshot_as_png)).convert("L"))
                if (np.median(shown) < 128) != (scheme == "dark"):
                    faults.append(f"{scheme}: the picture's paper is of brightness {np.median(shown):.0f} of 255")
    return faults


def paper(driver, path):
    """Parts that do not begin a page, and what cannot be pressed on paper."""
    show(driver, path)
    parts = len(driver.find_elements("css selector", ".part"))
    pages = _pages(driver)
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    faults = ask(driver, "paperFaults")
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    return faults + ([f"{parts} parts on {pages} pages"] if pages < 1 + parts else [])


def _pages(driver):
    """On how many pages the page is printed."""
    pdf = base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"])
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


CHECKS = (noise, structure, pictures, formulas, widths, colours, keyboard, films, sizes, dark_pictures, paper)


def _press(driver, *keys):
    ActionChains(driver).send_keys(*keys).perform()

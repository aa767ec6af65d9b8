"""An explorable of the lecture in a browser, in a page of its own or within the lecture: what a reader does with it."""

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from tests.hmc.helpers import web_page

WAIT = 90  # seconds


class View(web_page.View):
    """An explorable that is shown."""

    def __init__(self, driver, name):
        super().__init__(driver, name, WAIT)

    def answers(self):
        return int(self.ask("return root?.dataset.answers ?? 0"))

    def until_answered(self, before):
        return self.until(lambda view: view.answers() > before, "no new draws")

    def state(self):
        return self.driver.execute_script("return window.hmc.state()")

    def press(self, words):
        self.ask("[...root.querySelectorAll('button')].find((b) => b.textContent === arguments[0]).click()", words)

    def click(self, words):
        """A click as of a hand, without which a browser lets no page copy or fill the screen."""
        self.driver.execute_script("window.scrollTo(0, 0)")
        place = f"//section[@id='view-{self.name}']//button[.='{words}']"
        self.driver.find_element(By.XPATH, place).click()

    def fill(self, label, value):
        """Give a field another value, as a reader does."""
        self.ask(
            "const label = [...root.querySelectorAll('label')].find((each) => each.textContent === arguments[0]);"
            "const field = root.getRootNode().getElementById(label.htmlFor);"
            "if (field.type === 'checkbox') field.click();"
            "else { field.value = arguments[1]; field.dispatchEvent(new Event('change')); }",
            label,
            value,
        )

    def slide(self, value):
        self.ask(
            "const s = root.querySelector('input[type=range]'); s.value = arguments[0];"
            "s.dispatchEvent(new Event('input'))",
            value,
        )

    def changed(self, act):
        """Do something, and wait for the draws that follow."""
        before = self.answers()
        act()
        return self.until_answered(before)

    def keys(self, *keys):
        ActionChains(self.driver).send_keys(*keys).perform()

    def table(self):
        rows = self.ask(
            "return [...root.querySelectorAll('.counters tr')].map((row) => [...row.cells].map((c) => c.textContent))"
        )
        return {row[0]: row[1:] for row in rows}

    def numbers(self):
        """The median waits that are shown of a new cafe and of each: of the draws."""
        texts = self.ask("return [...root.querySelectorAll('.numbers')].map((each) => each.firstChild.textContent)")
        return [float("nan") if not text[0].isdigit() else float(text.split()[0]) for text in texts]

    def python(self):
        return self.ask("return root.querySelector('pre').textContent")

    def drag(self, selector, start, end):
        """From a point of an element to another, in shares of its width and height."""
        self.ask(
            "const e = root.querySelector(arguments[0]); e.scrollIntoView({block: 'center'});"
            "const b = e.getBoundingClientRect();"
            "const send = (type, [x, y]) => e.dispatchEvent(new PointerEvent(type, {bubbles: true, pointerId: 1,"
            "  button: 0,"
            "  clientX: b.left + x * b.width, clientY: b.top + y * b.height}));"
            "e.setPointerCapture = () => {}; send('pointerdown', arguments[1]);"
            "if (arguments[2]) { const [x0, y0] = arguments[1], [x1, y1] = arguments[2];"
            "  for (let k = 1; k <= 8; k++) send('pointermove', [x0 + (x1 - x0) * k / 8, y0 + (y1 - y0) * k / 8]); }"
            "send('pointerup', arguments[2] ?? arguments[1]);",
            selector,
            start,
            end,
        )


class Embedded(View):
    """An explorable within the lecture's page, in a tree of its own."""

    ROOT = "document.querySelector('[data-play=NAME] .play')?.shadowRoot.querySelector('.view')"

    def click(self, words):
        button = self.ask(
            "return [...root.querySelectorAll('button')].find((each) => each.textContent === arguments[0])", words
        )
        button.click()

    def show(self):
        """Scroll to it, and wait for its first draws."""
        self.driver.execute_script(f"document.querySelector('[data-play={self.name}]').scrollIntoView()")
        return self.until_answered(0)

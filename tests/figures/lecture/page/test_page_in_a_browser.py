"""The page as a browser shows it; each check finds the fault in a page that has it."""

import pytest

CHECKS = (
    "noise", "structure", "pictures", "formulas", "widths", "colours", "keyboard", "films", "sizes", "dark_pictures",
    "paper",
)  # fmt: skip
END = "</main>"
# A check, what is replaced in the page, by what, and words of the fault that the check must then name.
BROKEN = {
    "a script": ("noise", END, f"<script>boom()</script>{END}", "console"),
    "a picture from elsewhere": ("noise", "default-src 'none'; img-src data:", "img-src *", "fetched: http"),
    "two of one id": ("structure", END, f'<p id="tadpoles">x</p>{END}', "tadpoles"),
    "a dead link": ("structure", 'href="#confounds"', 'href="#confound"', "leads nowhere"),
    "a link away": ("structure", END, f'<a href="other.html">x</a>{END}', "leads nowhere"),
    "a heading too deep": ("structure", END, f"<h6>x</h6>{END}", "skips"),
    "no language": ("structure", '<html lang="en">', "<html>", "language"),
    "half a picture": ("pictures", "data:image/webp;base64,UklGR", "data:image/webp;base64,UklXX", "no picture"),
    "no words": ("pictures", 'alt="dots of tanks"', 'alt=""', "no words"),
    "a picture of no size": ("pictures", 'width="960" height="540"', "", "no size"),
    "no formula": ("formulas", "</style>", "math { display: none }</style>", "math"),
    "a wide element": ("widths", END, f'<p style="width: 1300px; max-width: none">x</p>{END}', "1280 pixels: the page"),
    "a box without Tab": ("widths", 'class="scroll tall" tabindex="0"', 'class="scroll tall"', "by keyboard"),
    "pale ink": ("colours", END, f'<p style="color: #8a8a8a">pale</p>{END}', "light: contrast"),
    "ink that stays dark": ("colours", END, f'<p style="color: #222">night</p>{END}', "dark: contrast"),
    "no dark": ("colours", "(prefers-color-scheme: dark)", "(prefers-color-scheme: none)", "the same"),
    "no skip link": ("keyboard", '<a class="skip"', '<span class="skip"', "Tab 1"),
    "a skip link to nowhere": ("keyboard", 'class="skip" href="#lecture"', 'class="skip" href="#x"', "does not skip"),
    "no outline": ("keyboard", "outline: 3px solid", "outline: 0 solid", "outline"),
    "a fold that is stuck": ("keyboard", "<summary>See", '<summary style="display: none">See', "does not unfold"),
    "a film without end": ("films", ".film input:checked ~ * .moving", ".never", "no-preference: moving"),
    "no picture for narrow screens": (
        "sizes",
        "screen and (max-width: 40rem)",
        "screen and (max-width: 1rem)",
        "400 pix",
    ),
    "a picture that stays small": ("sizes", ".large:target {", ".larger:target {", "does not fill"),
    "a picture of one size": ("sizes", ".large:target img {", ".larger:target img {", "is not enlarged"),
    "a bright picture at night": ("dark_pictures", "invert(0.89)", "invert(0)", "dark: the picture"),
    "a part amid a page": ("paper", "break-before: page", "break-before: auto", "begins no page"),
    "links on paper": ("paper", "  .download,\n  .files,\n  .film input,", "  .film input,", "cannot be pressed"),
    "a film where none is wanted": ("films", "(prefers-reduced-motion: reduce)", "(max-width: 1px)", "reduce: moving"),
}


@pytest.fixture
def file(tmp_path):
    """A text as the file of a page."""

    def write(text):
        path = tmp_path / "index.html"
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize("check", CHECKS)
def test_the_page_has_no_fault(check, browser, chromium, file, html):
    assert getattr(browser, check)(chromium, file(html)) == []


@pytest.mark.parametrize("fault", BROKEN)
def test_a_fault_is_found_in_a_page_that_has_it(fault, browser, chromium, file, html):
    check, old, new, words = BROKEN[fault]
    assert old in html
    broken = html.replace(old, new)
    if check == "noise":
        broken = broken.replace(END, f'<img src="http://127.0.0.1:9/x.png" alt="x">{END}')
    found = getattr(browser, check)(chromium, file(broken))
    assert any(words in text for text in found), found


def test_all_checks_are_tried(browser):
    assert tuple(check.__name__ for check in browser.CHECKS) == CHECKS


def test_a_link_to_a_model_unfolds_it(browser, chromium, file, html):
    browser.show(chromium, file(html))
    card = chromium.find_element("css selector", "details.card")
    assert not card.get_property("open")
    chromium.find_element("css selector", '.overview a[href="#model-mST"]').click()
    assert card.get_property("open")


def test_a_film_moves_until_it_is_stopped(browser, chromium, file, html):
    browser.show(chromium, file(html))
    film = chromium.find_element("css selector", ".film")
    pictures = {film.screenshot_as_base64 for _ in range(6)}
    assert len(pictures) > 1
    film.find_element("css selector", "label").click()
    still = {film.find_element("css selector", ".still").screenshot_as_base64 for _ in range(6)}
    assert len(still) == 1

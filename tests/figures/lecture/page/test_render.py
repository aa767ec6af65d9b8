"""The page as a text: all of the view is in it, as it was given; nothing else is needed; what is wrong is refused."""

import base64
import re
from html.parser import HTMLParser

import pytest

from figures.lecture.page import render, view

EMPTY = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source"}  # elements without an end


class Outline(HTMLParser):
    """The elements of a page: that each is closed by its own end, what they are, and the text outside of the style."""

    def __init__(self, html):
        super().__init__()
        self.open, self.elements, self.text = [], [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.text += data

    def all(self, tag):
        return [attributes for found, attributes in self.elements if found == tag]


@pytest.fixture(scope="module")
def outline(html):
    return Outline(html)


def of(lecture, **changes):
    """The lecture's first part alone, changed."""
    return lecture._replace(parts=(lecture.parts[0]._replace(**changes),))


def test_the_same_view_gives_the_same_text(lecture, html):
    assert render.render(lecture) == html


def test_every_element_is_closed(outline):
    assert outline.open == []


def test_nothing_outside_of_the_page_is_needed(lecture, outline):
    links = [
        value
        for _, attributes in outline.elements
        for name, value in attributes.items()
        if name in ("src", "srcset", "href", "action", "data", "poster")
    ]
    assert len(links) > 20
    beside = [link for link in links if not link.startswith(("#", "data:"))]  # to be opened, and not to be shown
    files = [file for thing in render.things(lecture) if isinstance(thing, view.Picture) for file in thing.files]
    assert beside == files
    assert {attributes["href"] for attributes in outline.all("a")} >= {*beside}
    assert outline.all("script") == []


def test_the_style_fetches_nothing(html):
    style = html[html.index("<style>") : html.index("</style>")]
    assert "{" in style
    assert not re.search(r"url\(|@import|@font-face", style)


def test_all_pictures_are_in_the_page_as_their_files_are(lecture, outline):
    links = [image["src"] for image in outline.all("img")] + [source["srcset"] for source in outline.all("source")]
    embedded = [base64.b64decode(link.partition("base64,")[2]) for link in links]
    shown = [thing for thing in render.things(lecture) if isinstance(thing, view.Picture)]
    shown += [picture.still for picture in shown if picture.still]
    files = [path.read_bytes() for picture in shown for path in (picture.path, picture.narrow) if path]
    assert sorted(embedded) == sorted(files)


def test_narrow_screens_have_pictures_of_their_own(outline):
    sources = outline.all("source")
    assert len(sources) == 3  # of a figure, a film, and the film's still
    for source in sources:
        assert (source["media"], source["width"], source["height"]) == ("screen and (max-width: 40rem)", "560", "640")


def test_all_tables_can_be_taken_along_as_their_files_are(lecture, outline):
    links = {link["download"]: link["href"] for link in outline.all("a") if "download" in link}
    tables = [thing for thing in render.things(lecture) if isinstance(thing, view.PageTable)]
    assert set(links) == {f"{table.name}.csv" for table in tables}
    for table in tables:
        assert base64.b64decode(links[f"{table.name}.csv"].partition("base64,")[2]) == table.path.read_bytes()


def test_all_texts_of_the_view_are_in_the_page(lecture, outline):
    text = " ".join(outline.text.split())
    for card in (item for part in lecture.parts for item in render.cards(part)):
        for words in (
            card.name,
            card.data,
            *card.verdict.splitlines(),
            "target_accept 0.8",
            "keep_warmup no",
            "0.051 s",
        ):
            assert words in text
    for picture in (thing for thing in render.things(lecture) if isinstance(thing, view.Picture)):
        assert picture.title in text
        assert all(paragraph.replace("`", "") in text for paragraph in picture.caption)
    assert "initial" not in text  # a setting of None
    assert "Data simulated; for others: --trolley Trolley.csv" in text


def test_things_stand_in_the_order_of_the_lecture(lecture, outline):
    ids = [attributes["id"] for _, attributes in outline.elements if "id" in attributes]
    places = [ids.index(render.anchor(item)) for part in lecture.parts for item in (part, *part.contents)]
    assert places == sorted(places)


def test_a_part_opens_with_its_question_and_its_first_figure(lecture, html):
    for part in lecture.parts:
        assert html.index(part.title) < html.index(f'<p class="question">{part.question}')
    tadpoles = lecture.parts[0]
    places = [html.index(words) for words in (tadpoles.question, 'id="figure-tanks"', "<p>First <code>a</code>")]
    assert places == sorted(places)


def test_a_part_without_a_figure_opens_with_its_text(lecture):
    card = lecture.parts[0].contents[1]
    text = render.render(of(lecture, contents=(card,)))
    assert text.index("<p>First <code>a</code>") < text.index('id="model-mST"')


def test_a_model_is_folded_and_says_in_a_line_what_matters(lecture, outline):
    folds = [attributes for tag, attributes in outline.elements if attributes.get("class") == "card"]
    assert len(folds) == 3
    assert not any("open" in attributes for attributes in folds)
    assert all(card.matters in outline.text for part in lecture.parts for card in render.cards(part))


def test_names_in_captions_are_links_to_what_they_name(lecture, outline):
    """But for the name of what the caption is about, and for names of nothing here."""
    picture = lecture.parts[0].contents[0]._replace(caption=("See `sweep`, `mST`, `tanks` and `elsewhere`.",))
    text = render.render(of(lecture, contents=(picture, *lecture.parts[0].contents[1:])))
    caption = "".join(text.split("<figcaption>")[1].split("</figcaption>")[0].splitlines())
    assert caption == (
        '<p>See <a href="#figure-sweep"><code>sweep</code></a>, <a href="#model-mST"><code>mST</code></a>, '
        "<code>tanks</code> and <code>elsewhere</code>.</p>"
    )
    assert {"href": "#figure-sweep"} in outline.all("a")  # of a part's text


def test_all_figures_are_listed_with_links(lecture, outline):
    listed = {link["href"] for link in outline.all("a")}
    for part in lecture.parts:
        assert {f"#{render.anchor(picture)}" for picture in render.pictures(part)} <= listed


def test_parts_lead_to_the_next_and_the_one_before(html):
    first, second = html.split('<section class="part"')[1:]
    assert '<a href="#confounds">Next: Confounds of a group</a>' in first
    assert '<a href="#tadpoles">Before: Tadpoles: how much to pool</a>' in second
    assert "Before:" not in first
    assert "Next:" not in second


def test_a_verdict_is_told_in_words_beside_its_colour(lecture):
    (card,) = render.cards(lecture.parts[0])
    for severity, (_, words) in render.BADGES.items():
        shown = of(lecture, contents=(card._replace(severity=severity, verdict=""),))
        assert Outline(render.render(shown)).text.count(words) == 2  # in the list of models and on the card


def test_a_table_whose_numbers_are_not_to_be_trusted_says_so(lecture):
    table = lecture.parts[0].contents[3]
    words = render.BADGES["warning"][1]
    texts = [render.render(of(lecture, contents=(table._replace(caution=caution),))) for caution in (None, "warning")]
    assert [Outline(text).text.count(words) for text in texts] == [0, 1]
    with pytest.raises(ValueError, match="comparison: no severity is called grave"):
        render.render(of(lecture, contents=(table._replace(caution="grave"),)))


def test_texts_are_no_html(lecture):
    hostile = '<b>"x"&amp;</b>\'`<i>`'
    picture, card, film, table = lecture.parts[0].contents
    changed = of(
        lecture,
        title=hostile,
        question=hostile,
        text=(hostile,),
        contents=(
            picture._replace(title=hostile, alt=hostile, caption=(hostile,)),
            card._replace(
                name="a<b>", matters=hostile, summary=hostile, source=hostile, data=hostile, verdict=hostile, table=None
            ),
            film,
            table._replace(title=hostile, notes=(hostile,), frame=table.frame.set_axis(["<b>", "<i>"])),
        ),
    )
    outline = Outline(render.render(changed._replace(facts={hostile: hostile})))
    assert {"i"}.isdisjoint(tag for tag, _ in outline.elements)
    assert [attributes for attributes in outline.all("b") if attributes] == []
    assert outline.all("img")[0]["alt"] == hostile
    assert outline.text.count("&amp;</b>") == 18


def test_an_empty_lecture_is_a_page_too():
    outline = Outline(render.render(view.Lecture((), {})))
    assert outline.open == []
    assert not [link for link in outline.all("a") if link["href"] == "#models"]


def test_a_part_without_models_needs_no_list_of_them(lecture):
    picture = lecture.parts[0].contents[0]
    ids = [attributes.get("id") for _, attributes in Outline(render.render(of(lecture, contents=(picture,)))).elements]
    assert "figure-tanks" in ids
    assert "models" not in ids


def test_two_things_of_one_name_are_refused(lecture):
    picture = lecture.parts[0].contents[0]
    with pytest.raises(ValueError, match="2 things would be found under #figure-tanks"):
        render.render(of(lecture, contents=(picture, picture)))
    with pytest.raises(ValueError, match="#contents"):
        render.render(of(lecture, name="contents"))


def test_a_film_that_nobody_could_stop_is_refused(lecture):
    film = lecture.parts[0].contents[2]
    with pytest.raises(ValueError, match="the film sweep has no still picture"):
        render.render(of(lecture, contents=(film._replace(still=None),)))


def test_a_file_that_is_no_picture_of_the_page_is_refused(lecture, tmp_path):
    picture = lecture.parts[0].contents[0]
    (tmp_path / "tanks.jpg").write_bytes(picture.path.read_bytes())
    with pytest.raises(ValueError, match=r"tanks\.jpg: a file in the page ends in \.webp, \.png, \.gif, \.csv"):
        render.render(of(lecture, contents=(picture._replace(path=tmp_path / "tanks.jpg"),)))
    with pytest.raises(FileNotFoundError, match=r"none\.png"):
        render.render(of(lecture, contents=(picture._replace(path=tmp_path / "none.png"),)))


def test_an_unknown_severity_is_refused(lecture):
    (card,) = render.cards(lecture.parts[0])
    with pytest.raises(ValueError, match="mST: no severity is called fatal"):
        render.render(of(lecture, contents=(card._replace(severity="fatal"),)))


def test_a_picture_is_as_large_as_it_was_drawn_however_finely(lecture):
    picture, _, film, _ = lecture.parts[0].contents
    assert render.size(picture.path) == (960, 540)
    assert render.size(picture.narrow) == (560, 640)
    assert render.size(film.path) == (960, 540)
    assert render.size(film.narrow) == (560, 640)
    shown = (picture, film, film._replace(narrow=None))
    assert [render.is_only_wide(each) for each in shown] == [False, False, True]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0512, "0.051 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (200.0, "3 min 20 s")],
)
def test_a_duration_is_short(seconds, text):
    assert render.duration(seconds) == text


def test_things_are_counted_in_words(lecture):
    assert render.count(lecture) == [(3, "models"), (2, "figures"), (1, "film"), (3, "tables")]

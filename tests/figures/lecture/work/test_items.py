"""figures.lecture.work.items: what has to be made before what, and what its keys depend on."""

import pytest

import figures
import models
from figures.lecture import contents, explorables
from figures.lecture.work.items import Plan, Request

SETTINGS = Request(seed=12, trolley=None, replications=20, explorables=True, sampling={})


@pytest.fixture(scope="module")
def plan():
    return Plan(contents.PARTS, SETTINGS)


def keys(settings, part):
    return {name: item.key for name, item in Plan(contents.chosen([part]), settings).items.items()}


def test_the_lecture_has_every_model_every_figure_and_every_film():
    named = [content for part in contents.PARTS for content in part.contents]
    assert {content.name for content in named if isinstance(content, contents.ShownModel)} == {
        *models.names(),
        *models.counterexamples(),
    }
    assert {content.name for content in named if isinstance(content, contents.ShownFigure)} == set(figures.names())
    assert {content.name for content in named if isinstance(content, contents.ShownFilm)} == set(figures.films())


def test_every_part_opens_with_a_question_and_a_picture():
    for part in contents.PARTS:
        assert part.question.endswith("?")
        assert isinstance(part.contents[0], (contents.ShownFigure, contents.ShownFilm))


def test_every_model_has_a_line_that_fits_in_its_folded_card():
    for content in (content for part in contents.PARTS for content in part.contents):
        if isinstance(content, contents.ShownModel):
            assert content.matters.endswith(".")
            assert 15 < len(content.matters) < 90


def test_a_series_of_settings_goes_to_the_sampler_and_not_to_the_model(plan):
    fits = [plan.fit("schools", nth).arguments for nth in range(4)]
    assert [fit["sampling"]["target_accept"] for fit in fits] == [0.8, 0.9, 0.95, 0.99]
    assert [fit["options"] for fit in fits] == [{}] * 4
    assert plan.fit("cafes", 3).arguments["sampling"]["target_accept"] == 0.95
    assert "target_accept" not in plan.fit("mST").arguments["sampling"]


def test_modules_are_those_of_the_explorables_of_the_parts_and_wait_for_the_first(plan):
    def modules(part, **changed):
        items = Plan(contents.chosen([part]), SETTINGS._replace(**changed)).items
        return [name.removeprefix("modules/") for name, item in items.items() if item.kind == "module"]

    assert {item.arguments["model"] for item in plan.modules("pooling")} == {*explorables.MODELS["pooling"]}
    assert modules("cafes") == ["cafes"]
    assert modules("failing") == ["cafes", *explorables.MODELS["schools"]]
    assert modules("trolley") == []
    assert modules("cafes", explorables=False) == []
    assert {len(item.needs) for name, item in plan.items.items() if name.startswith("modules/")} == {0, 1}
    assert plan.items["modules/mST"].needs == [plan.items["modules/cafes"]]


def test_nothing_is_in_it_twice():
    named = [(type(content), content.name) for part in contents.PARTS for content in part.contents]
    assert len(set(named)) == len(named)
    assert len({part.name for part in contents.PARTS}) == len(contents.PARTS)


def test_each_item_comes_after_those_it_needs(plan):
    place = {name: i for i, name in enumerate(plan.items)}
    for name, item in plan.items.items():
        assert all(place[needed.name] < place[name] for needed in item.needs)
        assert all(plan.items[needed.name] is needed for needed in item.needs)


def test_no_two_items_have_a_file_or_a_key_in_common(plan):
    files = [file for item in plan.items.values() for file in item.files]
    assert len(set(files)) == len(files)
    assert len({item.key for item in plan.items.values()}) == len(plan.items)


def test_keys_are_the_same_for_the_same_plan_and_all_differ_with_the_seed():
    assert keys(SETTINGS, "trolley") == keys(SETTINGS, "trolley")
    here, there = keys(SETTINGS, "trolley"), keys(SETTINGS._replace(seed=13), "trolley")
    assert {name for name in here if here[name] == there[name]} == {"figures/story_responses"}  # of data alone


def test_settings_of_the_sampler_count_for_all_fits_and_for_what_is_made_of_them():
    here, there = keys(SETTINGS, "trolley"), keys(SETTINGS._replace(sampling={"draws": 100}), "trolley")
    assert here["fits/mRS"] != there["fits/mRS"]
    assert here["figures/story_effects"] != there["figures/story_effects"]


def test_the_number_of_studies_counts_for_coverage_alone():
    other = SETTINGS._replace(replications=10)
    here, there = keys(SETTINGS, "coverage"), keys(other, "coverage")
    assert {name for name in here if here[name] == there[name]} == {"figures/closing_questions"}  # of stored studies
    assert keys(SETTINGS, "confounds") == keys(other, "confounds")


def test_what_the_published_file_holds_counts_and_where_it_lies_does_not(tmp_path):
    here, elsewhere, changed = (tmp_path / name for name in ("here.csv", "elsewhere.csv", "changed.csv"))
    here.write_text("rows\n")
    elsewhere.write_text("rows\n")
    changed.write_text("other rows\n")
    of_here, of_elsewhere, of_changed = (
        keys(SETTINGS._replace(trolley=str(path)), "participants") for path in (here, elsewhere, changed)
    )
    assert of_here == of_elsewhere
    assert not set(of_here.values()) & set(of_changed.values())
    assert not set(of_here.values()) & set(keys(SETTINGS, "participants").values())


def test_an_unknown_part_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match=r"^the lecture has no part frogs; its parts are trolley, participants, cafes"):
        contents.chosen(["cafes", "frogs"])


def test_parts_are_in_the_order_of_the_lecture():
    assert [part.name for part in contents.chosen(["tadpoles", "trolley"])] == ["trolley", "tadpoles"]
    assert contents.chosen() == list(contents.PARTS)

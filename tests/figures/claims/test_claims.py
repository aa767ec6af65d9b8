"""A caption is a claim: each number and each comparative of a caption is computed from what its figure shows."""

import warnings

import numpy as np
import pandas as pd
import pytest

import figures
import hmc
import models
from figures import claims
from figures.cafes import learning
from figures.claims import confounds as claims_of_confounds
from figures.lecture.contents import WARMUP
from figures.sampler import toys
from figures.tadpoles import superstitions
from models.coverage import known_studies
from models.tables import BUNDLED
from models.trolley.study import simulate_study
from tests.figures.helpers import claim_words

FIGURES = [*figures.names(), *figures.films(), *(f"{kind}:mST" for kind in figures.of_any_fit())]
ALL = [*FIGURES, *claims.words_of_the_lecture()]
CLAIMED = [(name, phrase) for name in ALL for phrase, claim in claims.of(name).items() if not isinstance(claim, str)]
EVERY_CAPTION = pytest.mark.parametrize("name", ALL)
EVERY_CLAIM = pytest.mark.parametrize(("name", "phrase"), CLAIMED)


@EVERY_CAPTION
def test_every_number_and_comparative_of_a_caption_is_claimed(name):
    text, phrases = claims.text_of(name), claims.of(name)
    assert claim_words.unclaimed(text, phrases) == []
    assert [phrase for phrase in phrases if phrase not in text] == []  # no claim of an earlier caption


@pytest.mark.parametrize(
    "sentence",
    [
        "Small tanks scatter more.",
        "Chains hardly move.",
        "Their intervals are narrower.",
        "No tank is empty.",
        "They differ by 0.5 on average.",
        "Half of them survive.",
        "This one is the quickest.",
    ],
)
@EVERY_CAPTION
def test_a_sentence_without_a_claim_is_found(name, sentence):
    """The negative twin."""
    text = f"{claims.text_of(name)} {sentence}"
    assert len(claim_words.unclaimed(text, claims.of(name))) == 1


def test_words_that_claim_nothing_are_left_alone():
    assert (
        claim_words.claiming("The other chapters matter as much as ever, `more 3` after the order is so far a letter.")
        == []
    )


def _fit(name, sampling, **options):
    chosen = models.sampling(name) | {key: value for key, value in sampling.items() if key in figures.OF_SAMPLER}
    return hmc.sample(models.build(name, **options), warmup=WARMUP, seed=12, workers=1, progress=False, **chosen)


@pytest.fixture(scope="module")
def shown():
    """The inputs of all figures, as the lecture has them."""
    needed = dict.fromkeys(need for name in FIGURES for need in figures.needs(name) if figures.is_fit(need))
    inputs = {}
    for name in needed:
        option, values = figures.SERIES.get(name, ("", (None,)))
        given = [{option: value} if option else {} for value in values]
        fits = [_fit(name, **({} if option in figures.OF_SAMPLER else one), sampling=one) for one in given]
        inputs[name] = fits if option else fits[0]
    inputs["mSTnomem"] = _fit("mSTnomem", {})  # of a table
    return inputs | {"other metrics of mST": []}


@EVERY_CLAIM
def test_every_claim_is_true_of_the_lectures_fits(name, phrase, shown):
    if name in FIGURES:  # as the page draws it: of its own inputs alone
        shown = {given: shown.get(given) for given in figures.needs(name)}
    assert phrase not in claims.untrue(name, shown)


class Altered:
    """A fit whose draws are others; all else is the fit's own."""

    def __init__(self, fit, alter):
        self._fit, self._alter = fit, alter

    def __getitem__(self, name):
        return self._alter(self._fit[name])

    def __getattr__(self, name):
        value = getattr(self._fit, name)
        if name in ("unconstrained", "inverse_metric", "log_likelihood"):
            return self._alter(value)
        if name in ("stats", "warmup_stats"):
            return {key: self._alter(np.asarray(found)) for key, found in value.items()}
        return value


def _all(shown, alter):
    return {
        name: [Altered(fit, alter) for fit in given] if isinstance(given, list) else Altered(given, alter)
        for name, given in shown.items()
        if figures.is_fit(name)
    }


def _of_equal_tanks(fit):
    """The fit of a model with a known sigma, which says that half of each tank survived."""
    tanks, other = pd.read_csv(BUNDLED / "reedfrogs.csv"), Altered(fit, lambda draws: draws)
    other.model = models.mST_fixed(fit.model.data.sigma, tanks.assign(surv=tanks["density"] // 2))
    return other


def _exchanged(shown):
    """The fits of pairs of models in each other's place, and each series backwards."""
    pairs = [("mST", "mSTP"), ("mST", "mSTnc"), ("mST", "mSTnomem"), ("mf", "mrx"), ("mSTD", "mSTPDG")]
    for one, two in [*pairs, ("mru", "mru_normal"), ("schools", "schools_nc")]:
        yield shown | {one: shown[two], two: shown[one]}
    yield shown | {name: shown[name][::-1] for name in figures.SERIES}
    yield shown | {"mST_fixed": list(map(_of_equal_tanks, shown["mST_fixed"]))}


def _other_data():
    tanks = pd.read_csv(BUNDLED / "reedfrogs.csv")
    yield {"data": tanks.assign(surv=tanks["density"] - tanks["surv"])}
    yield {"data": tanks.assign(surv=tanks["density"] // 2)}
    cafes = pd.read_csv(BUNDLED / "cafes.csv")
    yield {"data": cafes.assign(wait=cafes["wait"][::-1].to_numpy(), cafe=cafes["cafe"][::-1].to_numpy())}
    yield {"data": cafes.assign(cafe=np.arange(20) % 4 + 1).iloc[:12]}
    counts = pd.read_csv(BUNDLED / "trolley_counts.csv")
    of_story = counts["story"].factorize()[0] % 7 + 1
    yield {"data": counts.assign(count=100 * (counts["response"] == of_story))}
    rows = simulate_study().frame()
    yield {"data": rows.assign(response=rows["story"].factorize()[0] % 7 + 1)}
    individuals, groups = (pd.read_csv(BUNDLED / f"confounds_{table}.csv") for table in ("individuals", "groups"))
    even = individuals.assign(Y=np.arange(200) % 2, g=np.arange(200) % 30 + 1)
    yield {"individuals": even, "groups": groups}
    yield {"individuals": individuals.iloc[:150], "groups": groups.assign(Ug=-groups["Ug"])}


def _wrong_inputs(shown):
    rng = np.random.default_rng(1)
    yield shown | _all(shown, lambda draws: -draws)
    yield shown | _all(shown, lambda draws: draws[..., ::-1] if draws.ndim > 2 else draws)
    yield shown | _all(shown, lambda draws: draws + np.linspace(-3.0, 3.0, draws.shape[-1]))
    yield shown | _all(shown, lambda draws: draws / draws.shape[-1])
    yield shown | _all(shown, lambda draws: rng.normal(size=draws.shape))
    yield shown | _all(shown, lambda draws: 3.0 + 0.001 * rng.random(draws.shape))
    yield shown | _all(shown, lambda draws: np.sort(draws, axis=1)[:, ::-1] * 10.0)
    yield from _exchanged(shown)
    for data in _other_data():
        yield shown | data


def _is_false(claim, inputs):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return not claim(inputs)
        except (
            ValueError,
            KeyError,
            IndexError,
            TypeError,
            AttributeError,
            AssertionError,
        ):  # not inputs of the figure
            return False


# Claims of constants of the code and of bundled data, of formulas, and of what no draws can change.
CONSTANT = (
    "89% interval", "Normal(0, 1)", "a quarter of the period", "centred at 0", "a priori than a_bar", "nearly even",
    "99 bins of 100", "near 1 is good", "no arrow goes into", "that nothing confounds", "eight schools",
    "A b above 0", "eleven stories", "fewer responses than a story", "from 1 to 7", "Each of the 12 stories",
    "answered 30 scenes", "five cafes", "48 tanks",
)  # fmt: skip


def _another_world(monkeypatch):
    """Toys, simulations and stored studies of which nothing said of the usual ones is true."""
    paths, chains, funnels, chain = (
        toys.leapfrog_paths(), toys.static_chains(), toys.funnel_trajectories(), toys.nuts_chain()
    )  # fmt: skip
    monkeypatch.setattr(toys, "leapfrog_paths", lambda: [paths[2], paths[0], paths[1]])
    monkeypatch.setattr(toys, "STEP_SIZES", (2.05, 0.5, 1.2))
    monkeypatch.setattr(toys, "static_chains", lambda: [chains[2], chains[0], chains[1]])
    monkeypatch.setattr(toys, "doubling_trajectory", lambda: funnels[1])
    monkeypatch.setattr(toys, "nuts_chain", lambda: chain[::-1])

    class Missed:
        outcome, chosen = funnels[1].outcome, funnels[0].chosen
        leaves, doublings = funnels[0].leaves[::-1], funnels[0].doublings

    monkeypatch.setattr(toys, "funnel_trajectories", lambda: [funnels[1], Missed()])
    monkeypatch.setattr(toys, "neck_trajectories", lambda: [funnels[0], funnels[0]])
    short = toys.funnel().with_data(toys.Funnel(1.0))
    monkeypatch.setattr(toys, "funnel", lambda: short)
    memory, amnesia, average = learning.curves()
    monkeypatch.setattr(learning, "curves", lambda: learning.Curves(amnesia, memory[::-1], average))
    monkeypatch.setattr(learning, "ROBOTS", 1)
    for name, value in {"N_TANKS": 1, "MIXTURE": (0.0,), "errors": lambda kind: (0.1, 0.2)}.items():
        monkeypatch.setattr(superstitions, name, value)
    few = superstitions.few_tanks()
    monkeypatch.setattr(superstitions, "few_tanks", lambda: dict(zip(few, [*few.values()][::-1], strict=True)))
    even = superstitions.TankStudy(*np.full((3, 100), 0.5))
    monkeypatch.setattr(superstitions, "studies", lambda kind: even)
    known = {"lecture": known_studies("large groups"), "large groups": known_studies("lecture")}
    others = {"m0": "mr", "mr": "mru", "mru": "m0", "mf": "mrx", "mrx": "mf"}
    monkeypatch.setattr(claims_of_confounds, "known_studies", lambda size: known[size].rename(index=others))


@pytest.fixture(scope="module")
def wrong(shown):
    return [inputs | {"fit": inputs["mST"]} for inputs in _wrong_inputs(shown)]


@EVERY_CLAIM
def test_a_claim_is_false_of_something(name, phrase, shown, wrong, monkeypatch):
    """The negative twin: draws, data or toys that are wrong in one of several ways."""
    if any(words in phrase for words in CONSTANT):
        return
    claim = claims.of(name)[phrase]
    if not any(_is_false(claim, inputs) for inputs in wrong):
        _another_world(monkeypatch)
        assert _is_false(claim, shown)


def test_the_page_names_a_claim_that_its_fits_break(shown):
    wrong = shown | {"mST": shown["mSTP"]}
    assert claims.untrue("spreads", wrong) != []
    assert claims.untrue("spreads", shown) == []

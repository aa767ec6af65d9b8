"""figures.sampler.trajectory and its neighbours: what is drawn of the sampler is what was recorded of it."""

import itertools
import math
import re

import numpy as np
import pytest
from PIL import Image

import hmc
import models
from figures.drawing import style
from figures.sampler import film, paths, toys, trajectory, tree, warmup
from hmc.record import record, record_from
from hmc.record.narrate import distance_moved
from hmc.sampler.adaptation import UPDATE
from hmc.sampler.outcome import DIVERGENCE, MAX_DEPTH, SUBTREE_U_TURN, U_TURN
from hmc.sampler.starting import make_orders
from hmc.settings import settings_of

APART = 20.0  # as in test_style.py


@pytest.fixture(scope="module")
def chain():
    """NUTS transitions in the plane, of every kind of end but a divergence."""
    found = record_from(toys.plane(), [-1.2, -0.9], 0.3, transitions=12, seed=102, inverse_metric=[1.3, 0.7])
    found += record_from(toys.plane(), [-1.2, -0.9], 0.1, transitions=2, max_depth=3)
    assert {r.outcome.termination for r in found} == {U_TURN, SUBTREE_U_TURN, MAX_DEPTH}
    return found


@pytest.fixture(scope="module")
def fit():
    return hmc.sample(models.mST(), chains=2, warmup=120, draws=60, workers=1, progress=False)


FIGURES = {
    "nuts_trajectory": trajectory.nuts_trajectory,
    "nuts_tree": tree.nuts_tree,
    "leapfrog": paths.leapfrog,
    "static_paths": paths.static_paths,
    "divergence": paths.divergence,
}


@pytest.fixture(scope="module", autouse=True)
def narrow_grid():
    """Densities of fewer points: their lines are not what is tested."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trajectory, "_GRID", 40)
        yield


@pytest.fixture(scope="module")
def drawn(fit):
    made = {name: draw() for name, draw in FIGURES.items()}
    return made | {"warmup": warmup.warmup(fit), "metric": warmup.metric(fit)}


def find(axes, gid):
    """The one artist of that gid."""
    (artist,) = axes.findobj(lambda a: a.get_gid() == gid)
    return artist


def points(axes, gid):
    return find(axes, gid).get_xydata()


# A NUTS trajectory.


def assert_shows(figure, r):
    axes = figure.axes[0]
    np.testing.assert_array_equal(points(axes, "path"), [leaf.position for leaf in r.in_time()])
    np.testing.assert_array_equal(points(axes, "start"), [r.leaves[0].position])
    np.testing.assert_array_equal(points(axes, "draw"), [r.draw])
    for doubling in r.doublings:
        artist = find(axes, f"doubling-{doubling.number}")
        np.testing.assert_array_equal(artist.get_xydata(), [leaf.position for leaf in doubling.leaves])
        is_hollow = artist.get_markerfacecolor() == "white"
        assert is_hollow == (doubling.final_join is None)
        assert artist.get_color() == trajectory.DOUBLINGS[doubling.number - 1]
        steps, direction = len(doubling.leaves), "forwards" if doubling.is_forward else "backwards"
        assert artist.get_label().startswith(f"doubling {doubling.number}: {steps} {direction}")
    shown = {a.get_gid() for a in axes.get_children() if a.get_gid()}
    assert len([gid for gid in shown if gid.startswith("doubling-")]) == len(r.doublings)


def test_a_trajectory_is_drawn_through_its_leaves(chain, drawn):
    for r in chain[:3] + chain[-1:]:
        figure = trajectory.nuts_trajectory(r, toys.plane())
        assert_shows(figure, r)
        assert figure.get_suptitle().startswith(f"A NUTS trajectory: {r.outcome.n_steps} leapfrog steps; ")
    assert_shows(drawn["nuts_trajectory"], toys.doubling_trajectory())


def test_another_trajectory_is_told_from_the_one_drawn(chain):
    """The negative twin."""
    figure = trajectory.nuts_trajectory(chain[0], toys.plane())
    other = chain[0]._replace(chosen=0)
    moved = [leaf._replace(position=leaf.position + 1e-6) for leaf in chain[0].leaves]
    for wrong in (chain[1], other, chain[0]._replace(leaves=tuple(moved))):
        with pytest.raises(AssertionError):
            assert_shows(figure, wrong)


def arrow(axes, gid):
    annotation = find(axes, gid)
    return np.array(annotation.xyann), np.array(annotation.xy)


def test_arrows_are_the_momenta_and_their_sum_that_make_the_turn(chain):
    directions = set()
    for r in [*chain[:6], chain[-1]]:
        axes = trajectory.nuts_trajectory(r, toys.plane()).axes[0]
        if not (r.joins and r.joins[-1].is_turning):
            assert not axes.findobj(lambda a: a.get_gid() == "sum")
            continue
        check = next(check for check in r.joins[-1].checks if check.is_turning)
        backward, forward = sorted((check.first, check.last))
        scale = np.sqrt(r.inverse_metric)
        tail, tip = arrow(axes, "sum")
        np.testing.assert_array_equal(tail, r.leaf(backward).position)
        rho = sum(r.leaf(n).momentum for n in range(backward, forward + 1))
        np.testing.assert_allclose(tip - tail, r.step_size * scale * rho, rtol=1e-12)
        along = []
        for gid, number in (("backward", backward), ("forward", forward)):
            tail, tip = arrow(axes, gid)
            np.testing.assert_array_equal(tail, r.leaf(number).position)
            np.testing.assert_allclose(tip - tail, trajectory.ARROW * scale * r.leaf(number).momentum, rtol=1e-12)
            along.append((tip - tail) / scale @ rho)
        assert min(along) <= 0.0  # one of them points against the sum
        directions.add(along[0] <= 0.0)
    assert directions == {True, False}


# The tree.


def test_the_tree_has_a_node_for_every_join_and_an_edge_for_every_part(chain, drawn):
    figures = [(tree.nuts_tree(r), r) for r in chain[:3]]
    for figure, r in [*figures, (drawn["nuts_tree"], toys.doubling_trajectory())]:
        axes = figure.axes[0]
        for leaf in r.leaves:
            dot = find(axes, f"leaf{leaf.number}")
            assert dot.get_xydata().tolist() == [[leaf.number, 0.0]]
            assert dot.get_color() == trajectory.doubling_colour(leaf.doubling)
            assert (dot.get_markerfacecolor() == "white") == (leaf.doubling > r.outcome.tree_depth)
        assert points(axes, "draw").tolist() == [[r.chosen, 0.0]]
        texts = {t.get_position(): t.get_text() for t in axes.texts if t.get_text() != "U-turn"}
        for join in r.joins:
            first, last = join.earlier[0], join.later[1]
            node = ((first + last) / 2, math.log2(abs(last - first) + 1))
            assert points(axes, f"join{first}:{last}").tolist() == [list(node)]
            assert int(texts.pop(node).replace("\N{MINUS SIGN}", "-")) == join.taken
            for part in (join.earlier, join.later):
                edge = points(axes, f"edge{part[0]}:{part[1]}")
                assert edge[0].tolist() == [sum(part) / 2, math.log2(abs(part[1] - part[0]) + 1)]
                assert edge[-1].tolist() == list(node)
        assert texts == {}
        turns = [t.xy for t in axes.texts if t.get_text() == "U-turn"]
        turning = [join for join in r.joins if join.is_turning]
        assert [x for x, _ in turns] == [(join.earlier[0] + join.later[1]) / 2 for join in turning]


def test_the_heavy_line_leads_from_the_draw_to_the_top(chain):
    for r in chain[:5]:
        axes = tree.nuts_tree(r).axes[0]
        edges = [line for line in axes.lines if (line.get_gid() or "").startswith("edge")]
        heavy = [line.get_xydata() for line in edges if line.get_linewidth() > 2.0]
        heavy = sorted(((*edge[0], *edge[-1]) for edge in heavy), key=lambda edge: edge[1])
        assert heavy[0][:2] == (r.chosen, 0.0)
        assert all(one[2:] == two[:2] for one, two in itertools.pairwise(heavy))
        assert heavy[-1][3] == r.outcome.tree_depth


def test_stems_are_energy_errors(chain):
    for r in chain[:3]:
        axes = tree.nuts_tree(r).axes[1]
        for leaf in r.leaves[1:]:
            assert points(axes, f"error{leaf.number}").tolist() == [
                [leaf.number, 0.0],
                [leaf.number, leaf.energy_error],
            ]


# Paths.


def test_leapfrog_paths_and_energy_errors_are_the_recorded_ones(drawn):
    phase, errors = drawn["leapfrog"].axes
    for path in toys.leapfrog_paths():
        name = f"{path.step_size:g}"
        np.testing.assert_array_equal(points(phase, f"path-{name}")[:, 0], [leaf.position[0] for leaf in path.leaves])
        np.testing.assert_array_equal(points(phase, f"path-{name}")[:, 1], [leaf.momentum[0] for leaf in path.leaves])
        shown = points(errors, f"error-{name}")
        np.testing.assert_allclose(shown[:, 0], path.step_size * np.arange(len(path.leaves)), rtol=1e-15)
        np.testing.assert_array_equal(shown[:, 1], [leaf.energy_error for leaf in path.leaves])
    start = toys.leapfrog_paths()[0].leaf(0)
    orbit = np.concatenate([p.vertices for p in find(phase, "orbit").get_paths()])
    radius = np.hypot(start.position[0], start.momentum[0])
    np.testing.assert_allclose(np.hypot(*orbit.T), radius, rtol=2e-3)  # a contour over a grid of 160


def test_errors_of_the_toy_paths_teach_what_the_caption_says():
    """Bounded and of the order of the square of the step size below the limit of 2; growing beyond it."""
    small, large, beyond = ([abs(leaf.energy_error) for leaf in path.leaves] for path in toys.leapfrog_paths())
    assert max(small) < 0.25 * max(large)
    assert max(small[-4:]) < 1.5 * max(small[:6])
    assert beyond == sorted(beyond)
    assert beyond[-1] > 10 * beyond[1] > 0


def test_static_chains_are_drawn_with_their_draws_and_moves(drawn):
    figure, chains = drawn["static_paths"], toys.static_chains()
    n = len(chains)
    moves = []
    for panel, trace, path_chain in zip(figure.axes[:n], figure.axes[n:], chains, strict=True):
        for number, path in enumerate(path_chain):
            np.testing.assert_array_equal(points(panel, f"path-{number}"), [leaf.position for leaf in path.leaves])
        np.testing.assert_array_equal(points(panel, "draws"), [path.draw for path in path_chain])
        expected = [path_chain[0].leaf(0).position[0], *(path.draw[0] for path in path_chain)]
        np.testing.assert_array_equal(find(trace, "trace").get_ydata(), expected)
        length, steps, moved = re.search(r"length (\S+) \((\d+) steps\)\nmoves (\S+) sd", panel.get_title()).groups()
        assert int(steps) == path_chain[0].outcome.n_steps
        assert float(length) == pytest.approx(int(steps) * path_chain[0].step_size, rel=0.05)
        moves.append(np.mean([distance_moved(path) for path in path_chain]))
        assert float(moved) == pytest.approx(moves[-1], abs=0.005)
    short, right, long = moves
    assert right > 3 * max(short, long)  # as the caption says


def test_a_divergence_is_drawn_with_its_energy_errors(drawn):
    plane, errors = drawn["divergence"].axes
    by_end = {t.outcome.termination == DIVERGENCE: t for t in toys.funnel_trajectories()}
    for gid, recorded in (("diverging", by_end[True]), ("passing", by_end[False])):
        np.testing.assert_array_equal(points(plane, gid), [leaf.position for leaf in recorded.in_time()])
        np.testing.assert_array_equal(find(errors, gid).get_ydata(), [leaf.energy_error for leaf in recorded.leaves])
    assert find(errors, "diverging").get_ydata()[-1] > 1000.0
    assert np.abs(find(errors, "passing").get_ydata()).max() < 1.0  # as the caption says


# Warm-up.


def test_warm_up_shows_the_fit_s_step_sizes_and_acceptance_rates(fit, drawn):
    above, below = drawn["warmup"].axes
    for chain in range(2):
        np.testing.assert_array_equal(find(above, f"sought-{chain}").get_ydata(), fit.warmup_stats["step_size"][chain])
        assert set(find(above, f"kept-{chain}").get_ydata()) == set(fit.stats["step_size"][chain])
    rates = fit.warmup_stats["acceptance_rate"]
    np.testing.assert_array_equal(find(below, "rates").get_ydata(), rates.ravel())
    mean = points(below, "mean")
    assert mean[0, 0] == 13.0  # the middle of the first 25
    np.testing.assert_allclose(mean[0, 1], rates[:, :25].mean(), rtol=1e-12)
    np.testing.assert_allclose(mean[-1], [108.0, rates[:, -25:].mean()], rtol=1e-12)
    assert set(find(below, "target").get_ydata()) == {0.8}
    plan = make_orders(settings_of(fit.settings), np.zeros(1, np.int64), np.zeros(1, np.int64)).plan
    assert find(above, "metric").get_xdata()[0] == max(n + 1 for n, a in enumerate(plan) if a & UPDATE) + 0.5


def test_the_metric_is_shown_against_the_posterior(fit, drawn):
    axes = drawn["metric"].axes[0]
    sd = fit.unconstrained.reshape(-1, 50).std(axis=0, ddof=1)
    (first,) = record(fit.model, after=0, chains=2, warmup=120)
    for gid, inverse_metric in (("before", first.inverse_metric), ("after", fit.inverse_metric[0])):
        np.testing.assert_allclose(points(axes, gid)[:, 0], sd, rtol=1e-12)
        np.testing.assert_allclose(points(axes, gid)[:, 1], np.sqrt(inverse_metric), rtol=1e-12)
        ratio = sd / np.sqrt(inverse_metric)
        said = float(find(axes, gid).get_label().split()[-1])
        assert said == pytest.approx(ratio.max() / ratio.min(), rel=6e-3)


def test_a_dense_metric_is_shown_by_its_diagonal(fit):
    shown = warmup.metric(fit, before=np.diag(np.arange(1.0, 51.0)))
    np.testing.assert_allclose(points(shown.axes[0], "before")[:, 1], np.sqrt(np.arange(1.0, 51.0)))


# The animation.


def test_frames_grow_leaf_by_leaf_and_end_with_the_draw(chain):
    shown, n = [], 0
    for figure in film.frames(chain[:3], toys.plane()):
        axes = figure.axes[0]
        leaves, draw = find(axes, "leaves"), find(axes, "draw").get_xydata()
        shown.append((np.array(leaves.get_offsets()), draw.copy(), figure.get_suptitle()))
        assert find(axes, "momentum").get_visible() == ("a momentum (arrow) is drawn" in figure.get_suptitle())
        assert find(axes, "momentum").get_zorder() > find(axes, "start").get_zorder()  # a small one is seen
    for number, r in enumerate(chain[:3]):
        for count in range(1, len(r.leaves) + 1):
            offsets, draw, title = shown[n]
            np.testing.assert_array_equal(offsets, [leaf.position for leaf in r.leaves[:count]])
            assert len(draw) == 0
            assert title.startswith(f"Transition {number + 1}: ")
            n += 1
        np.testing.assert_array_equal(shown[n][1], [r.draw])
        n += 1
    assert n == len(shown)


def test_the_gif_has_a_frame_a_leaf_and_the_same_bytes_twice(chain, tmp_path):
    model, few = toys.plane(), [min(chain, key=lambda r: len(r.leaves))]
    path = film.nuts_animation(tmp_path / "a.gif", few, model, seconds=0.1)
    with Image.open(path) as gif:
        assert gif.n_frames == len(few[0].leaves) + 1
        assert gif.size == (960, 540)
        gif.seek(gif.n_frames - 1)
        assert gif.info["duration"] == 800
        assert len(gif.convert("RGB").getcolors(10**6)) > 10
    again = film.nuts_animation(tmp_path / "b.gif", few, model, seconds=0.1)
    assert again.read_bytes() == path.read_bytes()


# All of them.


@pytest.mark.parametrize("name", [*FIGURES, "warmup", "metric"])
def test_a_figure_is_a_slide_with_ink_on_it_and_twice_the_same(name, drawn, tmp_path, fit):
    path = style.save(drawn[name], tmp_path / "one.png")
    with Image.open(path) as image:
        assert image.size == (1920, 1080)
        pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
    assert (pixels == 255).all(axis=1).mean() > 0.5  # paper
    assert (pixels < 60).all(axis=1).sum() > 3000  # ink
    again = FIGURES[name]() if name in FIGURES else getattr(warmup, name)(fit)
    assert style.save(again, tmp_path / "two.png").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("name", [*FIGURES, "warmup", "metric"])
def test_nothing_written_around_the_axes_overlaps_or_is_cut_off(name, drawn):
    figure = drawn[name]
    with style.applied():  # as when it is saved: how many ticks there are depends on the size of letters
        figure.draw_without_rendering()
        shown = [(str(w), w.get_window_extent()) for w in _written(figure)]
    for text, box in shown:
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= figure.bbox.x1, text
        assert box.y1 <= figure.bbox.y1, text
    assert [(one, two) for (one, a), (two, b) in itertools.combinations(shown, 2) if a.overlaps(b)] == []


def _written(figure):
    """What is written around the axes and can be seen."""
    yield from (*figure.legends, figure._suptitle)
    for axes in figure.axes:
        yield from (text for text in (axes.title, axes.xaxis.label, axes.yaxis.label) if text.get_text())
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = (tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high)
            yield from (tick.label1 for tick in ticks if tick.label1.get_visible() and tick.label1.get_text())


@pytest.mark.parametrize("name", [*FIGURES, "warmup", "metric"])
def test_letters_are_at_least_15_pixels_at_half_size(name, drawn):
    written = [text for text in drawn[name].findobj(lambda a: hasattr(a, "get_fontsize")) if text.get_text()]
    assert min(text.get_fontsize() for text in written) / 72 * drawn[name].dpi / 2 >= 15


def test_doublings_that_meet_in_one_picture_are_told_apart_by_all_eyes(colour_distance):
    colours = [*trajectory.DOUBLINGS[:4], style.INK, "#FFFFFF"]
    assert min(colour_distance(*pair) for pair in itertools.combinations(colours, 2)) >= APART


def test_every_caption_says_in_a_line_what_is_shown_and_then_what_to_see():
    for function in (
        *FIGURES.values(),
        warmup.warmup,
        warmup.metric,
        film.nuts_animation,
    ):
        first, blank, rest = function.__doc__.partition("\n\n")
        assert "\n" not in first
        assert blank
        assert rest.strip().startswith("What to see: ")


# What cannot be drawn.


def test_records_that_a_figure_cannot_show_are_refused(chain, tmp_path):
    (static,) = record_from(toys.plane(), [0.0, 0.0], 0.3, algorithm="hmc")
    line = toys.leapfrog_paths()
    for draw, message in [
        (
            lambda: trajectory.nuts_trajectory(static, toys.plane()),
            "^nuts_trajectory: the transition is one of static HMC",
        ),
        (
            lambda: trajectory.nuts_trajectory(chain[0]),
            "^nuts_trajectory: draws a transition in 2 dimensions, and needs",
        ),
        (lambda: trajectory.nuts_trajectory(chain[0], toys.funnel()), "^nuts_trajectory: draws a transition in 2"),
        (lambda: tree.nuts_tree(static), "^nuts_tree: the transition is one of static HMC"),
        (lambda: paths.leapfrog([static], toys.plane()), "^leapfrog: draws paths in 1 dimension, and needs"),
        (lambda: paths.leapfrog([*line, *_elsewhere()], toys.line()), "^leapfrog: the paths are to begin at"),
        (lambda: paths.static_paths([line], toys.line()), "^static_paths: draws paths in 2 dimensions, and"),
        (lambda: paths.divergence(chain, toys.plane()), "^divergence: none of the trajectories diverged$"),
        (
            lambda: film.nuts_animation(tmp_path / "a.gif", [static], toys.plane()),
            "^nuts_animation: draws",
        ),
        (lambda: film.nuts_animation(tmp_path / "a.png"), r"a\.png: a film's file ends in \.gif or \.mp4$"),
    ]:
        with pytest.raises(ValueError, match=message):
            draw()
    assert list(tmp_path.iterdir()) == []


def _elsewhere():
    return record_from(toys.line(), [2.0], 0.5, algorithm="hmc")


def test_fits_that_a_figure_cannot_show_are_refused(fit, tmp_path):
    short = hmc.sample(models.mST(), chains=1, warmup=10, draws=5, workers=1, progress=False)
    with pytest.raises(ValueError, match=r"^warmup: the fit has 10 warm-up transitions, too few to draw$"):
        warmup.warmup(short)
    fit.save(tmp_path / "a.fit")
    with pytest.raises(ValueError, match=r"^metric: the fit was loaded from a file, without its model"):
        warmup.metric(hmc.load(tmp_path / "a.fit"))


@pytest.mark.parametrize("toy", [toys.line, toys.plane, toys.funnel])
def test_toys_are_models_with_right_gradients(toy):
    assert hmc.check(toy()) == []

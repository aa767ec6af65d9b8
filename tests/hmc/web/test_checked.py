"""A module is tried against the native sampler before it is shown: a wrong one is refused."""

import shutil

import pytest

import hmc
import hmc.web
import models
from hmc.web import checked
from tests.hmc.helpers import node, web_page


def test_a_right_module_passes():
    node.require()
    assert hmc.web.verify(hmc.web.module(models.mST())) is True


def test_a_module_of_other_draws_is_refused():
    node.require()
    changed = web_page.of_other_draws(hmc.web.module(models.mST()))
    with pytest.raises(hmc.HMCError, match=r"^mST: its module does not give the draws of hmc\.sample on this machine$"):
        hmc.web.verify(changed)


def test_without_node_it_says_that_nothing_was_tried(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert hmc.web.verify(b"whatever") is False


def test_what_is_compared_are_draws_of_sample():
    model = models.mST()
    end = checked.native_end(model)
    fit = hmc.sample(model, **end["settings"], workers=1, progress=False)
    assert end["position"] == fit.unconstrained[0, -1].tolist()

"""figures.lecture.work.loading: a file is read once, and again where it has changed."""

import numpy as np

import hmc
import models
from figures.lecture.work.loading import Stored, load

SHORT = {"chains": 2, "warmup": 50, "draws": 20, "workers": 1, "progress": False}
ARGUMENTS = {"factory": "models.reedfrogs:mST", "options": {}}


def test_a_file_is_read_once_and_again_where_it_has_changed(tmp_path):
    stored = Stored("fit", ARGUMENTS, str(tmp_path / "mST"))
    one, other = (hmc.sample(models.mST(), seed=seed, **SHORT) for seed in (1, 2))
    one.save(tmp_path / "mST.fit")
    first = load(stored)
    np.testing.assert_array_equal(first.unconstrained, one.unconstrained)
    assert load(stored) is first
    assert load([stored, stored]) == [first, first]
    (tmp_path / "mST.fit").unlink()
    other.save(tmp_path / "mST.fit")
    np.testing.assert_array_equal(load(stored).unconstrained, other.unconstrained)

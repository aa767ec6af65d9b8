"""The tadpole data as the models take them, and what is refused."""

import math

import numpy as np
import pandas as pd
import pytest

from models import reedfrogs
from models.reedfrogs.tanks import read_tanks
from models.tables import BUNDLED

FROGS = pd.read_csv(BUNDLED / "reedfrogs.csv")
SMALL = pd.DataFrame(
    {
        "density": [10, 25, 35],
        "pred": ["no", "pred", "pred"],
        "size": ["big", "big", "small"],
        "surv": [0, 25, 3],
    }
)


def test_predictors_are_a_row_for_each_slope_in_the_order_asked_for():
    p, g = (FROGS.pred == "pred") * 1.0, (FROGS["size"] == "big") * 1.0
    z = (FROGS.density - FROGS.density.mean()) / FROGS.density.std(ddof=1)
    tanks = read_tanks(None, ("bP", "bD", "bG", "bPG"))
    np.testing.assert_allclose(tanks.predictors, [p, z, g, p * g], rtol=1e-13, atol=1e-15)
    assert read_tanks(None, ("bG", "bP")).predictors.tolist() == [g.tolist(), p.tolist()]
    assert read_tanks().predictors.shape == (0, 48)


def test_a_standardised_density_has_mean_0_and_standard_deviation_1():
    (z,) = read_tanks(SMALL, ("bD",)).predictors
    assert z.mean() == pytest.approx(0.0, abs=1e-15)
    assert z.std(ddof=1) == pytest.approx(1.0, rel=1e-14)


def test_a_users_own_data_are_taken(tmp_path):
    path = tmp_path / "frogs.csv"
    SMALL.to_csv(path)
    for data in (SMALL, path, str(path)):
        assert reedfrogs.mST(data).dimension == 5
        assert reedfrogs.mSTPDG(data).dimension == 9
        assert reedfrogs.mSTPnc(data).data.survived.tolist() == [0.0, 25.0, 3.0]
        assert reedfrogs.mSTPnc(data).data.predictors.tolist() == [[0.0, 1.0, 1.0]]


@pytest.mark.parametrize("name", ["mSTP", "mSTPDG", "mSTPnc"])
def test_predators_everywhere_or_nowhere_can_have_no_slope(name):
    for value in ("no", "pred"):
        with pytest.raises(ValueError, match=rf'^reedfrogs: pred is "{value}" in every row, so it can have no slope$'):
            getattr(reedfrogs, name)(SMALL.assign(pred=value))


@pytest.mark.parametrize("name", ["mSTG", "mSTPDG"])
def test_tadpoles_of_one_size_can_have_no_slope(name):
    with pytest.raises(ValueError, match=r'^reedfrogs: size is "small" in every row, so it can have no slope$'):
        getattr(reedfrogs, name)(SMALL.assign(size="small"))


@pytest.mark.parametrize("name", ["mSTD", "mSTPDG"])
def test_tanks_of_one_density_can_have_no_slope(name):
    with pytest.raises(ValueError, match=r"^reedfrogs: density is 30 in every row, so it can have no slope$"):
        getattr(reedfrogs, name)(SMALL.assign(density=30))


def test_a_product_that_is_0_everywhere_can_have_no_slope():
    never_both = SMALL.assign(size=["big", "small", "small"])
    message = r'^reedfrogs: no row has both pred "pred" and size "big", so their product can have no slope$'
    with pytest.raises(ValueError, match=message):
        reedfrogs.mSTPDG(never_both)
    assert reedfrogs.mSTP(never_both).dimension == 6


def test_columns_that_have_no_slope_may_be_constant():
    constant = SMALL.assign(pred="no", size="big", density=40)
    for model in (reedfrogs.mST(constant), reedfrogs.mSTnc(constant), reedfrogs.mST_fixed(2.0, constant)):
        assert model.data.predictors.shape == (0, 3)


@pytest.mark.parametrize("sigma", [0, -1.0, math.nan, math.inf, "wide", None])
def test_a_sigma_that_is_no_positive_number_is_refused(sigma):
    with pytest.raises(ValueError, match=rf"^mST_fixed: sigma = {sigma} is not a positive number$"):
        reedfrogs.mST_fixed(sigma)


def test_bad_data_are_refused_before_anything_compiles():
    with pytest.raises(ValueError, match=r"^reedfrogs: row 2: surv = 26 is more than density = 25$"):
        reedfrogs.mST(SMALL.assign(surv=[0, 26, 3]))
    with pytest.raises(ValueError, match=r"^reedfrogs: row 1: density = 0 is less than 1$"):
        reedfrogs.mSTnomem(SMALL.assign(density=[0, 25, 35]))
    with pytest.raises(ValueError, match=r"^reedfrogs: row 3: pred = yes is not one of no, pred$"):
        reedfrogs.mSTPnc(SMALL.assign(pred=["no", "no", "yes"]))
    with pytest.raises(ValueError, match=r"^reedfrogs: row 1: size = huge is not one of big, small$"):
        reedfrogs.mSTPDG(SMALL.assign(size=["huge", "big", "big"]))

"""A page with two models, the second of which would do harm if its names were read as HTML or as a script."""

import pytest

import hmc
from figures.sampler.toys import normals
from hmc.web.page import Target, page
from tests.figures.helpers import browser as in_a_browser

HARM = '</script><img src=x onerror="window.harmed = true"><script>window.harmed = true</script>\'`${window.harmed = 1}'


@pytest.fixture(scope="session")
def harmful():
    """A model whose name, docstring and parameters are all HTML."""
    parameters = [hmc.Parameter(f"x{HARM}"), hmc.Parameter("<b>y</b>")]
    return hmc.Model(normals._plane, normals.Plane(0.85), parameters, name=f"plane{HARM}")


@pytest.fixture(scope="session")
def explored(tmp_path_factory, harmful):
    """The path of the page."""
    path = tmp_path_factory.mktemp("page") / "explore page.html"
    path.write_text(page([Target(normals.plane(), "A plane."), Target(harmful, f"Words {HARM}")]), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def chromium():
    """One browser for all tests."""
    in_a_browser.require()
    with in_a_browser.started() as driver:
        driver.set_script_timeout(60)
        yield driver

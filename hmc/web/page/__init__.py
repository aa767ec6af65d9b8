"""A page of one file in which the sampler runs and can be looked into.

building      `page`: models to HTML
bundling      modules of JavaScript become one script
coordinates   the names of coordinates on both scales
source_lines  where in the sampler's source each event of a transition happens
js/           the page's own modules, which run the engine of `hmc/web/js` in workers
"""

from hmc.web.page.building import Target, page

__all__ = ["Target", "page"]

"""A page of one file in which the sampler runs and can be looked into.

building      `page`: models to HTML
lecture       `lecture_page`: the explorables of the lecture; `lecture_parts`: the same, for another page
bundling      modules of JavaScript become one script
coordinates   the names of coordinates on both scales
source_lines  where in the sampler's source each event of a transition happens
js/           the page's own modules, which run the engine of `hmc/web/js` in workers
"""

from hmc.web.page.building import Parts, Target, page, verified_module
from hmc.web.page.lecture import Tables, lecture_page, lecture_parts

__all__ = ["Parts", "Tables", "Target", "lecture_page", "lecture_parts", "page", "verified_module"]

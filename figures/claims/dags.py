"""Claims about the graphs of causes."""

from __future__ import annotations

from figures.dags import CONFOUNDS, TADPOLES


def _into(graph, *names):
    """The arrows that go into one of these."""
    return [edge for edge in graph.edges if edge[1] in names]


CLAIMS = {
    "dag_tadpoles": {
        "nobody measured": "the meaning of T",
        "the other three, so no arrow goes into any of them and none confounds another": lambda shown: (
            len(TADPOLES.nodes) == 5 and not _into(TADPOLES, "D", "G", "P")
        ),
        "less is left for the tanks' own sigma": "shown by `spreads`, which is named",
    },
    "dag_confounds": {
        "Z is a trait of groups and a cause of Y that nothing confounds": lambda shown: not _into(CONFOUNDS, "Z"),
    },
}

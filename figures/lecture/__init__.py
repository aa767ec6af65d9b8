"""The whole lecture by one command: every model fitted, every table and figure made, and one page that shows them.

The command calls `work.making.make`. Read in this order:

    contents  the lecture as data; explorables: what can be played with
    work/     items, sources, kept, running: the items to make, and those that are there already;
              tasks, loading: the work of the workers
    tables/   estimates, comparisons, confounds, and the truth beside them
    page/     filling, view, render, with cells, formula and listing: the page and how it looks
"""

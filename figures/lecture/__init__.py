"""The whole lecture by one command: every model fitted, every table and figure made, and one page to look at them.

`work.making.make` does it. Read in this order:

contents  the lecture as data
work      items, sources, kept, running (what has to be made, and what is there already); tasks, loading (what workers
do) tables    of estimates, comparisons, confounds, beside the truth page      filling, view, render, with cells,
formula and listing (what is shown, and how)
"""

"""The whole lecture by one command: every model fitted, every table and figure made, and one page to look at them.

`making.make` does it. Read in this order: contents (the lecture as data); items, sources, kept, running (what has to be
made, and what is there already); fitting, drawing, tabulating, loading (what workers do); tables; filling, view, page,
with cells, formula and listing (what is shown, and how).
"""

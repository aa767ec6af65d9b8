"""The whole lecture by one command: every model fitted, every table and figure made, and one page to look at them."""

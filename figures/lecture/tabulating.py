"""Pieces of work that tabulate: tables of fits, and verdicts on them; see `figures.lecture.fitting` for the form."""

from diagnostics import verdict
from figures.lecture.loading import load
from figures.lecture.tables import TABLES, as_csv, estimates
from hmc.files import write_whole


def card(arguments, inputs, stem):
    """The table of a model's estimates, and the verdict on its fit."""
    fit = load(inputs["fit"])
    table = estimates(fit, arguments["model"])
    found = verdict(fit)
    severity = found.findings[0].severity if found.findings else None
    return {**_written(table, stem), "verdict": str(found), "severity": severity}


def table(arguments, inputs, stem):
    """A table of the registry `TABLES`."""
    function = TABLES[arguments["table"]].function
    made = function({name: load(source) for name, source in inputs.items()})
    return _written(made, stem)


def _written(made, stem):
    """What is to be known of the table that it writes: notes, and how many columns of the file label the rows."""
    write_whole(f"{stem}.csv", lambda file: file.write(as_csv(made).encode()))
    return {"notes": made.attrs["notes"], "levels": made.index.nlevels}

"""`hmc coverage`: five estimators of a confounded effect over simulated studies."""

from hmc.cli.model_argument import parsed_settings
from hmc.cli.shared import add_replications


def add(subparsers):
    """The command's options."""
    command = subparsers.add_parser(
        "coverage", help="bias and coverage of the five estimators of the confounds, over simulated studies"
    )
    add_replications(command, 100)
    command.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="an argument of the simulation: groups, individuals, a0, bXY, bZY, mean_U, sd_U, sd_X, mean_Z, sd_Z",
    )
    command.set_defaults(run=run)


def run(options):
    """`hmc coverage`."""
    from models.coverage import coverage

    given = parsed_settings(options.set)
    for name in ("seed", "workers", "executor", "progress", "replications", "estimators"):
        if name in given:
            raise ValueError(f"--set {name}: simulate_study has no argument {name}")
    run = {name: getattr(options, name) for name in ("seed", "workers", "executor")}
    table = coverage(options.replications, **run, **given)
    with_error = {
        name: [f"{value:.2f} +- {error:.2f}" for value, error in zip(table[name], table[f"{name}_se"], strict=True)]
        for name in ("bias", "rmse", "coverage")
    }
    shown = table[["truth", "mean", "bias", "rmse", "coverage", "sd", "width", "studies", "divergences"]]
    print(shown.assign(**with_error).to_string(float_format="{:.2f}".format))
    print("coverage is that of 89% intervals; sd and width are of the posterior and its interval, on average")
    for failure in table.attrs["failures"]:
        print(f"failed: {failure}")
    if table.attrs["interrupted"]:
        print(f"interrupted: these are not all of {options.replications} studies by every estimator")
    return 1 if table.attrs["failures"] or table.attrs["interrupted"] else 0

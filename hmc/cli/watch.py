"""`hmc watch`: the sampler's steps in words."""

from hmc.cli.model_argument import build, default_metric
from hmc.cli.shared import MODEL_HELP, add_chain, add_data


def add(subparsers):
    """The command's options."""
    command = subparsers.add_parser("watch", help="tell in words what the sampler does, step by step")
    command.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    command.add_argument("--transitions", type=int, default=1, help="how many (default 1)")
    command.add_argument("--after", type=int, metavar="N", help="transitions to run before (default: the warm-up)")
    command.add_argument("--chain", type=int, default=1, help="which chain, from 1 (default 1)")
    add_chain(command)
    add_data(command)
    command.set_defaults(run=run)


def run(options):
    """`hmc watch`."""
    from hmc.record.narrate import watch

    if options.chain < 1:
        raise ValueError(f"--chain {options.chain} is less than 1")
    names = ("transitions", "after", "warmup", "seed", "target_accept", "algorithm")
    given = {name: getattr(options, name) for name in names}
    model = build(options.model, options.data, options.set)
    metric = options.metric or default_metric(options.model)
    print(watch(model, chain=options.chain - 1, chains=max(4, options.chain), metric=metric, **given))

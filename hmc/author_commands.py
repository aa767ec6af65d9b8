"""What the commands do that are for authors of models, and for those who want to see the sampler at work.

As in `hmc/commands.py`, each takes its parsed options, imports what it needs when it needs it, prints, and returns the
exit status (None: 0).
"""

from hmc.model_argument import build, default_metric


def check_model(options):
    """`hmc check`."""
    from hmc.checking import examine, summary

    if options.points < 1:
        raise ValueError(f"--points {options.points} is less than 1")
    if options.seed < 0:
        raise ValueError(f"--seed {options.seed} is less than 0")
    model = build(options.model, options.data, options.set)
    checked = examine(model, options.points, options.seed, bounds=options.bounds)
    for finding in checked.findings:
        print(f"{model.name}: {finding}")
    if not checked.findings:
        print(summary(model, checked.compared))
    return 1 if checked.findings else 0


def watch_transitions(options):
    """`hmc watch`."""
    from hmc.narrate import watch

    if options.chain < 1:
        raise ValueError(f"--chain {options.chain} is less than 1")
    names = ("transitions", "after", "warmup", "seed", "target_accept", "algorithm")
    given = {name: getattr(options, name) for name in names}
    model = build(options.model, options.data, options.set)
    metric = options.metric or default_metric(options.model)
    print(watch(model, chain=options.chain - 1, chains=max(4, options.chain), metric=metric, **given))


def new_model(options):
    """`hmc new`."""
    from hmc.template import write_template

    path = write_template(options.name, options.out)
    print(f"{path}: now `hmc check {path}:{options.name}` and `hmc fit {path}:{options.name}`")

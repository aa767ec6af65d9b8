"""One transition of static HMC: a leapfrog path of fixed length, accepted or rejected at its end.

Duane et al. (1987); Neal (2011), section 3.2. The momentum is whitened (`hmc/sampler/metric.py`), so a path length is
in posterior standard deviations: on a normal target the dynamics have the period 2 pi, and a quarter of it is best.
Where the metric misses how directions differ or are correlated, some direction's period may be near the path's length
or its double, and the chain then hardly moves along it: the fault that NUTS was made to mend.
"""

from hmc.jit.kernel import kernel
from hmc.numerics import divide
from hmc.sampler.outcome import (
    DIVERGENCE,
    INTERRUPTED,
    PATH_END,
    Outcome,
    is_divergent,
    weight_of,
)
from hmc.sampler.phase_space import copy_point, energy_of, leapfrog
from hmc.sampler.rows import copy_row


@kernel
def transition(hamiltonian, start, point, reach, rng, stop):
    """Walk `reach.path_length` from `start` on `point`; the end becomes the draw if it is accepted.

    `point` is a PhasePoint to move on; its content before does not matter. The number of steps is the path length
    over the step size, rounded, at least 1 and at most 2^max_depth. The acceptance rate reported is that of the
    path's end, and 0 after a divergence, which ends the path. `stop` is as for `hmc.sampler.nuts.transition`.
    """
    copy_point(start.point, point)
    start_energy = energy_of(start.log_density, start.point.momentum)
    planned = min(divide(reach.path_length, reach.step_size), float(1 << reach.max_depth))
    log_density, energy_error, n_steps, termination = start.log_density, 0.0, 0, PATH_END
    for _ in range(max(1, int(planned + 0.5))):
        log_density = leapfrog(hamiltonian, point, reach.step_size)
        n_steps += 1
        energy_error = energy_of(log_density, point.momentum) - start_energy
        if stop[0] != 0:
            termination = INTERRUPTED
            break
        if is_divergent(energy_error):
            termination = DIVERGENCE
            break
    acceptance_rate = min(1.0, weight_of(energy_error)) if termination == PATH_END else 0.0
    is_accepted = rng.random() < acceptance_rate
    if is_accepted:
        copy_row(point.position, start.point.position)
        copy_row(point.gradient, start.point.gradient)
    return Outcome(
        log_density=log_density if is_accepted else start.log_density,
        energy=start_energy + energy_error if is_accepted else start_energy,
        acceptance_rate=acceptance_rate,
        tree_depth=0,
        n_steps=n_steps,
        micro_steps=n_steps,
        termination=termination,
    )

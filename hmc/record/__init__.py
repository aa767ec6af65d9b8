"""A record of what the sampler did in a transition, step by step.

recorded     what a record holds: `RecordedTransition` with its leaves, joins and doublings
transitions  `record`, `record_from`: transitions of a chain, or from a position, with every leapfrog step
watcher      kernels that do what the sampler's do and take notes, put in their place
narrate      a recorded transition in words
"""

from hmc.record.recorded import Doubling, RecordedTransition, Recording
from hmc.record.transitions import record, record_from

__all__ = ["Doubling", "RecordedTransition", "Recording", "record", "record_from"]

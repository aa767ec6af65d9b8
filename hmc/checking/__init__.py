"""Checking an author's model before it is sampled: what can be known of it without running a chain.

Read in this order: findings, telling, stages; child and probe, which keep the check from harm; bounds; and for a kind
of fault each, contract, declared, size, values, gradient, jumps, support, tails, names, functions; and prior, which
compares the density with draws, with drawing, averages and pairs.
"""

from .findings import Fault, component_names
from .stages import check, examine
from .telling import KINDS, summary

__all__ = ["KINDS", "Fault", "check", "component_names", "examine", "summary"]

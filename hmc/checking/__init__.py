"""Checking an author's model before it is sampled: what can be known of it without running a chain.

Read in this order: findings, stages; child and probe, which keep the check from harm; bounds; and for a kind of fault
each, contract, declared, values, gradient, jumps, tails, prior, names, functions.
"""

from .findings import Fault, component_names
from .stages import KINDS, check, examine, summary

__all__ = ["KINDS", "Fault", "check", "component_names", "examine", "summary"]

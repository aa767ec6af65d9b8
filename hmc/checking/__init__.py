"""Checking an author's model before sampling, without running a chain.

Read in this order: findings, telling, stages; child and probe, which call the model safely; bounds; one module for each
kind of fault: contract, declared, size, values, gradient, jumps, support, tails, names, functions; and prior, which
compares the density with draws and uses drawing, averages and pairs.
"""

from .findings import Fault, component_names
from .stages import check, examine
from .telling import KINDS, CheckReport, report, summary

__all__ = ["KINDS", "CheckReport", "Fault", "check", "component_names", "examine", "report", "summary"]

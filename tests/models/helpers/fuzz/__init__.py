"""Fuzz tests of what models are given: damage, an oracle that judges it, and what must be true of every input."""

from . import files, frames, oracle, property, tables

__all__ = ["files", "frames", "oracle", "property", "tables"]

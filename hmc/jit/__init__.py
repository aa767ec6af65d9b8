"""How plain Python becomes machine code."""

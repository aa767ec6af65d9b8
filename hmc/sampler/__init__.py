"""The algorithm, and nothing else. Read it in this order, one idea a file:

textbook       NUTS as the papers write it, recursive, in their symbols; and which name each symbol has from here on
phase_space    position, momentum, energy, and the leapfrog step that moves them
metric         which directions are long; the algebra of whitened momenta in full
static         Hamiltonian Monte Carlo as it was invented: a path of fixed length, accepted or rejected
outcome        what a transition reports, why it ended, and when a step has failed
nuts           the textbook's transition as a binary counter counts: the same draws, without recursion or allocation
macro_step     WALNUTS: the same trees, with steps that are taken in pieces where the dynamics are stiff
step_size      a first guess of the step size, and dual averaging
adaptation     what warm-up learns of the metric, and when
fisher         a metric fitted to draws and gradients: what it minimises, and how it is found
fitted         such a fit becomes the metric
climbing       the way out of a start too far away to be sampled from
chain          one chain: warm-up and draws
and then hmc/transforms.py: how constrained parameters become a position, and the Jacobians that this takes

Around the algorithm, and not needed to understand it:

starting       a chain's random generator, its orders and its first position
snapshot       all that a chain's future depends on, to go on from later
normals        standard normals: NumPy's, without the C library
linear_algebra  Cholesky factors and eigenvectors, in loops that give the same bits everywhere
chain_through  a chain through a given position
machine_code   `chain.advance`, compiled

For speed alone:

rows           copies and sums of arrays as loops, each of which is one line of NumPy
and `join_leaves`, at the end of nuts: `join` for the most frequent case

`@kernel` and `@inlined` (hmc/jit/kernel.py) mark functions that Numba compiles into the chain; read them as plain
Python. A *leaf* is, in all these files, a point of the trajectory: the start (leaf 0), or where a step from leaf to
leaf ends.
"""

"""Calibrations for tests: chains half as long as those of `hmc calibrate`, for a third of the time."""

# Ranks are exactly uniform whatever the warm-up, and their power comes from the number of replications: in each of 12
# calibrations (seeds 100 to 111) of 200 replications with a prior of the intercepts that is wider by a fifth, sigma's
# p-value was under 1e-20 with these chains, and under 1e-18 with those of the command.
SHORT_CHAINS = {"warmup": 100, "thinned": 49}

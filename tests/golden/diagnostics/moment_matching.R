# Moment matching by R's loo, of the draws in moment_matching_draws.csv: see README.md beside this file.
#   Rscript moment_matching.R   (in this folder; needs loo and jsonlite)
suppressMessages(library(loo))
table <- read.csv("moment_matching_draws.csv")
data <- read.csv("moment_matching_data.csv")
upars <- as.matrix(table[, c("beta1", "beta2", "log_variance")])
X <- cbind(1, data$x); y <- data$y; n <- length(y)

# y ~ Normal(X beta, variance), beta ~ Normal(0, 4 variance), variance ~ InvGamma(2, 2)
log_lik_of <- function(upars, i) dnorm(y[i], as.vector(upars[, 1:2] %*% X[i, ]), exp(upars[, 3] / 2), log = TRUE)
log_prob <- function(x, upars, ...) {
  value <- 2 * log(2) - (2 + 1) * upars[, 3] - 2 * exp(-upars[, 3]) + upars[, 3]
  for (j in 1:2) value <- value + dnorm(upars[, j], 0, 2 * exp(upars[, 3] / 2), log = TRUE)
  for (i in 1:n) value <- value + log_lik_of(upars, i)
  value
}
chains <- length(unique(table$chain))
by_chain <- function(values) matrix(values, ncol = chains)
array_of <- array(0, c(nrow(upars) / chains, chains, n))
for (i in 1:n) array_of[, , i] <- by_chain(log_lik_of(upars, i))
plain <- suppressWarnings(loo(array_of, r_eff = relative_eff(exp(array_of))))

run <- function(k_threshold, split, cov, max_iters = 30) {
  found <- suppressWarnings(loo_moment_match.default(
    list(), plain, post_draws = function(x, ...) upars, log_lik_i = function(x, i, ...) by_chain(log_lik_of(upars, i)),
    unconstrain_pars = function(x, pars, ...) pars, log_prob_upars = log_prob,
    log_lik_i_upars = function(x, upars, i, ...) log_lik_of(upars, i),
    max_iters = max_iters, k_threshold = k_threshold, split = split, cov = cov))
  list(k_threshold = k_threshold, split = split, cov = cov, max_iters = max_iters,
       elpd_loo = found$pointwise[, "elpd_loo"], pareto_k = found$diagnostics$pareto_k, n_eff = found$diagnostics$n_eff)
}
runs <- list(run(0.7, TRUE, TRUE), run(0.7, FALSE, TRUE), run(0.2, TRUE, TRUE), run(0.2, TRUE, FALSE),
             run(0.2, FALSE, TRUE), run(0, TRUE, TRUE), run(0, FALSE, TRUE, 2))
jsonlite::write_json(list(loo = as.character(packageVersion("loo")), R = R.version.string,
                          plain = list(elpd_loo = plain$pointwise[, "elpd_loo"], pareto_k = plain$diagnostics$pareto_k),
                          runs = runs), "moment_matching.json", digits = 17, auto_unbox = TRUE)

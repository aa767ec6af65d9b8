# Moment matching by R's loo of draws upars, (draws, dimension), with one chain after the other. For moment_matching.R
# and roaches.R.
suppressMessages(library(loo))

# log_lik_of(upars, i): the log likelihood of observation i, of n; log_prob(upars): the log density.
# settings: a list of lists of k_threshold, split, cov, max_iters.
matching_runs <- function(upars, chains, n, log_lik_of, log_prob, settings) {
  by_chain <- function(values) matrix(values, ncol = chains)
  array_of <- array(0, c(nrow(upars) / chains, chains, n))
  for (i in 1:n) array_of[, , i] <- by_chain(log_lik_of(upars, i))
  r_eff <- relative_eff(exp(array_of))
  plain <- suppressWarnings(loo(array_of, r_eff = r_eff))
  run <- function(k_threshold, split, cov, max_iters = 30) {
    found <- suppressWarnings(loo_moment_match.default(
      list(), plain, post_draws = function(x, ...) upars, log_lik_i = function(x, i, ...) by_chain(log_lik_of(upars, i)),
      unconstrain_pars = function(x, pars, ...) pars, log_prob_upars = function(x, upars, ...) log_prob(upars),
      log_lik_i_upars = function(x, upars, i, ...) log_lik_of(upars, i),
      max_iters = max_iters, k_threshold = k_threshold, split = split, cov = cov))
    list(k_threshold = k_threshold, split = split, cov = cov, max_iters = max_iters,
         elpd_loo = found$pointwise[, "elpd_loo"], pareto_k = found$diagnostics$pareto_k,
         n_eff = found$diagnostics$n_eff, estimates = found$estimates["elpd_loo", ])
  }
  list(loo = as.character(packageVersion("loo")), R = R.version.string,
       plain = list(elpd_loo = plain$pointwise[, "elpd_loo"], pareto_k = plain$diagnostics$pareto_k, r_eff = r_eff,
                    estimates = plain$estimates["elpd_loo", ]),
       runs = lapply(settings, function(how) do.call(run, how)))
}

write_golden <- function(found, file) jsonlite::write_json(found, file, digits = 17, auto_unbox = TRUE)

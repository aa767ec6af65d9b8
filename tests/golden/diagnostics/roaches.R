# Moment matching by R's loo of the roaches of its vignette, on the draws in roaches_draws.csv: see README.md.
#   HMC_ROACHES_CSV=... Rscript roaches.R   (in this folder; needs loo and jsonlite)
source("matching_runs.R")
table <- read.csv("roaches_draws.csv")
data <- read.csv(Sys.getenv("HMC_ROACHES_CSV"))
upars <- as.matrix(table[, c("beta1", "beta2", "beta3", "intercept")])
x <- cbind(sqrt(data$roach1), data$treatment, data$senior, 1); y <- data$y; offset <- log(data$exposure2)

log_lik_of <- function(upars, i) dpois(y[i], exp(as.vector(upars %*% x[i, ]) + offset[i]), log = TRUE)
log_prob <- function(upars) {
  value <- dnorm(upars[, 4], 0, 5, log = TRUE)
  for (k in 1:3) value <- value + dnorm(upars[, k], 0, 2.5, log = TRUE)
  for (i in seq_along(y)) value <- value + log_lik_of(upars, i)
  value
}
settings <- list(list(0.7, TRUE, TRUE), list(0.7, FALSE, TRUE), list(0.5, TRUE, TRUE), list(0.2, TRUE, TRUE),
                 list(0, TRUE, TRUE))
found <- matching_runs(upars, length(unique(table$chain)), length(y), log_lik_of, log_prob, settings)
write_golden(found, "roaches.json")

# Moment matching by R's loo, of the draws in moment_matching_draws.csv: see README.md beside this file.
#   Rscript moment_matching.R   (in this folder; needs loo and jsonlite)
source("matching_runs.R")
table <- read.csv("moment_matching_draws.csv")
data <- read.csv("moment_matching_data.csv")
upars <- as.matrix(table[, c("beta1", "beta2", "log_variance")])
X <- cbind(1, data$x); y <- data$y; n <- length(y)

# y ~ Normal(X beta, variance), beta ~ Normal(0, 4 variance), variance ~ InvGamma(2, 2)
log_lik_of <- function(upars, i) dnorm(y[i], as.vector(upars[, 1:2] %*% X[i, ]), exp(upars[, 3] / 2), log = TRUE)
log_prob <- function(upars) {
  value <- 2 * log(2) - (2 + 1) * upars[, 3] - 2 * exp(-upars[, 3]) + upars[, 3]
  for (j in 1:2) value <- value + dnorm(upars[, j], 0, 2 * exp(upars[, 3] / 2), log = TRUE)
  for (i in 1:n) value <- value + log_lik_of(upars, i)
  value
}
settings <- list(list(0.7, TRUE, TRUE), list(0.7, FALSE, TRUE), list(0.2, TRUE, TRUE), list(0.2, TRUE, FALSE),
                 list(0.2, FALSE, TRUE), list(0, TRUE, TRUE), list(0, FALSE, TRUE, 2))
found <- matching_runs(upars, length(unique(table$chain)), n, log_lik_of, log_prob, settings)
write_golden(found, "moment_matching.json")

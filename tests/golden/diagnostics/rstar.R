# R* by R's posterior of the draws in rstar_draws.csv, with 20 seeds: see README.md beside this file.
#   Rscript rstar.R   (in this folder; needs posterior, caret, randomForest, gbm and jsonlite)
suppressMessages(library(posterior))
table <- read.csv("rstar_draws.csv")
make <- function(a, b, c) as_draws_df(data.frame(
  .chain = table$chain, .iteration = table$iteration, .draw = seq_len(nrow(table)), a = a, b = b, c = c))
sign <- ifelse(table$chain %% 2 == 1, 1, -1)
draws <- list(alike = make(table$a, table$b, table$c),
              shifted = make(table$a + 0.8 * (table$chain == 1), table$b, table$c),
              correlated = make(table$a, sign * table$a + 0.6 * table$b, table$c))
found <- list()
for (name in names(draws)) for (method in c("rf", "gbm")) {
  more <- if (method == "gbm") list(verbose = FALSE) else list()
  run <- function(seed, ...) { set.seed(seed); do.call(rstar, c(list(draws[[name]], split = FALSE, method = method, ...), more)) }
  uncertain <- run(1, uncertainty = TRUE)
  found[[name]][[method]] <- list(values = sapply(1:20, run), uncertain_mean = mean(uncertain), uncertain_sd = sd(uncertain))
}
jsonlite::write_json(list(posterior = as.character(packageVersion("posterior")), R = R.version.string, found = found),
                     "rstar.json", digits = 17, auto_unbox = TRUE)

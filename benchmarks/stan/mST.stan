// The lecture's multilevel model of tadpole survival, centred: models.mST.
data {
  int<lower=1> n;
  array[n] int<lower=0> survived;
  array[n] int<lower=0> density;
}
parameters {
  vector[n] a;
  real a_bar;
  real<lower=0> sigma;
}
model {
  a_bar ~ normal(0, 1.5);
  sigma ~ exponential(1);
  a ~ normal(a_bar, sigma);
  survived ~ binomial_logit(density, a);
}

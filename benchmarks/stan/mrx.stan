// The lecture's Mundlak machine, non-centred: models.mrx.
data {
  int<lower=1> groups;
  int<lower=1> n;
  array[n] int<lower=0, upper=1> Y;
  vector[n] X;
  array[n] int<lower=1, upper=groups> group;
  vector[groups] Z;
  vector[groups] Xbar;
}
parameters {
  vector[groups] z;
  real bxy;
  real bzy;
  real buy;
  real abar;
  real<lower=0> tau;
}
transformed parameters {
  vector[groups] a = abar + tau * z;
}
model {
  z ~ std_normal();
  [bxy, bzy, buy, abar] ~ std_normal();
  tau ~ exponential(1);
  vector[groups] intercept = a + bzy * Z + buy * Xbar;
  Y ~ bernoulli_logit(intercept[group] + bxy * X);
}

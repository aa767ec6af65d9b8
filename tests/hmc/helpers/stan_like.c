/* A library with BridgeStan's C interface, as small as can be: x[i] ~ Normal(0, scale), sigma ~ Exponential(1).

   Compile with -ffp-contract=off for the bits of the same density in Python. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#ifndef THREADS
#define THREADS "true"
#endif

typedef struct { double scale; int destructed; } model_t;

static int refuse(char **message, const char *text) {
    if (message) *message = strdup(text);
    return -1;
}

int constructed = 0;

void *bs_model_construct(const char *data, unsigned seed, char **message) {
    const char *place = strstr(data, "\"scale\":");
    (void)seed;
    if (!place) {
        refuse(message, "data have no scale\n");
        return NULL;
    }
    model_t *model = malloc(sizeof *model);
    model->scale = strtod(place + 8, NULL);
    constructed += 1;
    return model;
}

void bs_model_destruct(void *model) { free(model); constructed -= 1; }
void bs_free_error_msg(char *message) { free(message); }
const char *bs_name(const void *model) { (void)model; return "stan_like"; }
const char *bs_model_info(const void *model) { (void)model; return "STAN_OPENCL=false\nSTAN_THREADS=" THREADS "\n"; }
const char *bs_param_names(const void *model, bool tp, bool gq) {
    (void)model, (void)gq;
    return tp ? "x.1.1,x.2.1,x.1.2,x.2.2,sigma,twice" : "x.1.1,x.2.1,x.1.2,x.2.2,sigma";
}
int bs_param_unc_num(const void *model) { (void)model; return 5; }

int bs_param_constrain(const void *model, bool tp, bool gq, const double *free_, double *out, void *rng, char **message) {
    (void)model, (void)gq, (void)rng;
    if (free_[4] > 700.0) return refuse(message, "sigma overflows");
    for (int i = 0; i < 4; i++) out[i] = free_[i];
    out[4] = exp(free_[4]);
    if (tp) out[5] = 2.0 * out[4];
    return 0;
}

int bs_log_density_gradient(const void *model_, bool propto, bool jacobian, const double *x, double *value,
                            double *gradient, char **message) {
    const model_t *model = model_;
    if (propto || !jacobian) return refuse(message, "the constants or Jacobians are missing");
    if (x[4] > 3.0) return refuse(message, "sigma is rejected");
    double total = -4.0 * (0.91893853320467274178 + log(model->scale));
    for (int i = 0; i < 4; i++) {
        double z = x[i] / model->scale;
        total -= 0.5 * z * z;
        gradient[i] = -z / model->scale;
    }
    double sigma = exp(x[4]);
    gradient[4] = 1.0 - sigma;
    *value = total - sigma + x[4];
    return 0;
}

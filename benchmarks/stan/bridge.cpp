// The functions of BridgeStan's C interface that `hmc.from_bridgestan` calls, over a model that stanc wrote, which is
// compiled before this. With Stan's headers alone; BridgeStan itself is not needed.
#include <stan/io/empty_var_context.hpp>
#include <stan/io/json/json_data.hpp>
#include <stan/math.hpp>
#include <stan/model/model_base.hpp>
#include <stan/services/util/create_rng.hpp>

#include <cstring>
#include <memory>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

namespace {

using Vector = Eigen::VectorXd;

char* copied(const std::string& text) { return strdup(text.c_str()); }

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ",") + name;
  return all;
}

struct Model {
  std::unique_ptr<stan::model::model_base> model;
  std::string name, names;  // names: of the parameters and transformed parameters, whatever is asked for
  int dimension;
};

}  // namespace

extern "C" {

void* bs_model_construct(const char* data, unsigned int seed, char** message) {
  try {
    std::unique_ptr<stan::io::var_context> context(new stan::io::empty_var_context());
    if (*data) {
      std::istringstream text(data);
      context.reset(new stan::json::json_data(text));
    }
    auto made = std::make_unique<Model>();
    made->model.reset(&new_model(*context, seed, nullptr));
    made->name = made->model->model_name();
    std::vector<std::string> names;
    made->model->unconstrained_param_names(names, false, false);
    made->dimension = static_cast<int>(names.size());
    names.clear();
    made->model->constrained_param_names(names, true, false);
    made->names = joined(names);
    return made.release();
  } catch (const std::exception& error) {
    if (message) *message = copied(error.what());
    return nullptr;
  }
}

void bs_model_destruct(void* model) { delete static_cast<Model*>(model); }

void bs_free_error_msg(char* message) { free(message); }

const char* bs_name(void* model) { return static_cast<Model*>(model)->name.c_str(); }

const char* bs_model_info(void*) { return "STAN_THREADS=true"; }

const char* bs_param_names(void* model, bool, bool) { return static_cast<Model*>(model)->names.c_str(); }

int bs_param_unc_num(void* model) { return static_cast<Model*>(model)->dimension; }

int bs_param_constrain(void* model, bool transformed, bool generated, const double* position, double* values, void*,
                       char** message) {
  auto& of = *static_cast<Model*>(model);
  try {
    Vector x = Eigen::Map<const Vector>(position, of.dimension), found;
    auto rng = stan::services::util::create_rng(1, 1);
    of.model->write_array(rng, x, found, transformed, generated, nullptr);
    Eigen::Map<Vector>(values, found.size()) = found;
    return 0;
  } catch (const std::exception& error) {
    if (message) *message = copied(error.what());
    return 1;
  }
}

int bs_log_density_gradient(void* model, bool drop_constants, bool jacobian, const double* position, double* value,
                            double* gradient, char** message) {
  static thread_local stan::math::ChainableStack stack;  // of this thread's automatic differentiation
  auto& of = *static_cast<Model*>(model);
  try {
    if (drop_constants || !jacobian) throw std::invalid_argument("only with constants and Jacobians");
    auto log_density = [&](Eigen::Matrix<stan::math::var, -1, 1>& x) { return of.model->log_prob_jacobian(x, nullptr); };
    Vector x = Eigen::Map<const Vector>(position, of.dimension), found;
    stan::math::gradient([&](auto& at) { return log_density(at); }, x, *value, found);
    Eigen::Map<Vector>(gradient, of.dimension) = found;
    return 0;
  } catch (const std::exception& error) {
    if (message) *message = copied(error.what());
    return 1;
  }
}
}

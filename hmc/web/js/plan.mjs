// The schedule of a warm-up: an integer a transition, a sum of actions. The same as in hmc/sampler/adaptation.py and
// `plan_of` in hmc/sampler/starting.py, which give the reasons; tests hold the two together.

/** The actions after each warm-up transition.
 * @param {{warmup: number, metric: string, adaptation: string}} settings
 * @param {Record<string, number>} action  the constants of the module
 * @returns {number[]} */
export function planOf({ warmup, metric, adaptation }, action) {
  const byGradients = adaptation === "gradients";
  const plan = byGradients ? gradientsPlan(warmup, action) : windowsPlan(warmup, action);
  if (metric === "unit") return plan.map((actions) => actions & action.RESTART);
  if (!byGradients || metric === "diag") return plan;
  const fits = fitsPlan(warmup, metric === "auto" ? action.FIT_IF_WORTH : action.FIT, action.FORGET);
  return plan.map((actions, n) => actions | fits[n]);
}

/** The most draws that a window holds at a time by a plan; 0 if nothing is fitted.
 * @param {number[]} plan @param {Record<string, number>} action @returns {number} */
export function mostKept(plan, action) {
  if (!plan.some((actions) => actions & (action.FIT | action.FIT_IF_WORTH))) return 0;
  let most = 0, kept = 0, background = 0;
  for (const actions of plan) {
    if (actions & action.COLLECT) {
      kept++;
      background++;
      most = Math.max(most, kept);
    }
    if (actions & action.FORGET) [kept, background] = [background, 0];
  }
  return most;
}

/** @param {number} warmup @param {Record<string, number>} actions */
function windowsPlan(warmup, { COLLECT, UPDATE, CLEAR, RESTART }) {
  const plan = new Array(warmup).fill(0);
  if (warmup < 20) return plan;
  let start = 75, window = 25, end = 50;
  if (warmup < start + window + end) {
    start = Math.trunc(0.15 * warmup);
    end = Math.trunc(0.1 * warmup);
    window = warmup - start - end;
  }
  const slowEnd = warmup - end;
  plan.fill(COLLECT, start, slowEnd);
  for (let first = start; first < slowEnd; window *= 2) {
    const last = first + window + 2 * window > slowEnd ? slowEnd : first + window;
    plan[last - 1] |= UPDATE | CLEAR | RESTART;
    first = last;
  }
  return plan;
}

/** @param {number} warmup @param {Record<string, number>} actions */
function gradientsPlan(warmup, { COLLECT, UPDATE, ROTATE }) {
  const plan = new Array(warmup).fill(0);
  const metricEnd = endOfMetric(warmup), earlyEnd = Math.trunc(0.3 * warmup);
  plan.fill(COLLECT | UPDATE, 0, metricEnd);
  let window = 10, filled = 0;
  for (let n = 0; n < metricEnd; n++) {
    filled++;
    if (n >= earlyEnd) window = 80;
    if (filled >= window && n + window < metricEnd) {
      plan[n] |= ROTATE;
      filled = 0;
    }
  }
  return plan;
}

function fitsPlan(warmup, fit, forget) {
  const plan = new Array(warmup).fill(0);
  const metricEnd = endOfMetric(warmup);
  for (let window = 10, end = 10; end + window < metricEnd; end += window) {
    plan[end - 1] = forget;
    if (end > Math.floor(warmup / 30)) {
      plan[end - 1] |= fit;
      window += Math.floor(window / 2);
    }
  }
  if (metricEnd > 0) plan[metricEnd - 1] = fit;
  return plan;
}

function endOfMetric(warmup) {
  return warmup - Math.trunc(0.15 * warmup);
}

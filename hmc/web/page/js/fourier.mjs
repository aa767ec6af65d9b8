// The autocovariance of chains, by fast Fourier transform.

const tables = new Map(); // by size: cosines and sines of a turn

/** The autocovariance at lags 0 to draws - 1, averaged over chains; each about its mean, divisor draws.
 * @param {Float64Array[]} chains  of equal length @returns {Float64Array} */
export function meanAutocovariance(chains) {
  const draws = chains[0].length;
  const size = 2 ** Math.ceil(Math.log2(2 * draws));
  const power = new Float64Array(size);
  for (const chain of chains) {
    const real = centred(chain, size);
    const imaginary = new Float64Array(size);
    transform(real, imaginary);
    for (let k = 0; k < size; k++) power[k] += real[k] * real[k] + imaginary[k] * imaginary[k];
  }
  // The power of real numbers is symmetric: to transform it once more is to transform it back.
  transform(power, new Float64Array(size));
  return power.slice(0, draws).map((sum) => sum / size / draws / chains.length);
}

function centred(chain, size) {
  const result = new Float64Array(size);
  const first = chain[0];
  let mean = 0;
  for (const x of chain) mean += (x - first) / chain.length;
  for (let k = 0; k < chain.length; k++) result[k] = chain[k] - first - mean;
  return result;
}

/** The discrete Fourier transform in place, of a length that is a power of two (Cooley and Tukey). */
function transform(real, imaginary) {
  const size = real.length;
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [real[i], real[j]] = [real[j], real[i]];
      [imaginary[i], imaginary[j]] = [imaginary[j], imaginary[i]];
    }
  }
  const { cosines, sines } = turnOf(size);
  for (let half = 1; half < size; half *= 2) {
    const stride = size / (2 * half);
    for (let start = 0; start < size; start += 2 * half)
      for (let k = 0; k < half; k++) {
        const a = start + k, b = a + half;
        const c = cosines[k * stride], s = sines[k * stride];
        const re = real[b] * c + imaginary[b] * s, im = imaginary[b] * c - real[b] * s;
        real[b] = real[a] - re;
        imaginary[b] = imaginary[a] - im;
        real[a] += re;
        imaginary[a] += im;
      }
  }
}

function turnOf(size) {
  if (!tables.has(size)) {
    const angles = Float64Array.from({ length: size / 2 }, (_, k) => (2 * Math.PI * k) / size);
    tables.set(size, { cosines: angles.map(Math.cos), sines: angles.map(Math.sin) });
  }
  return tables.get(size);
}

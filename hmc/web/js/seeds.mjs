// NumPy's SeedSequence and the first state of its PCG64: the generator of `hmc.sampler.starting.chain_rng`.
// O'Neill, "Developing a seed_seq alternative" (2015); numpy/random/bit_generator.pyx.

const POOL = 4;
const MASK_64 = (1n << 64n) - 1n;
const MASK_128 = (1n << 128n) - 1n;
const MULTIPLIER = (2549297995355413924n << 64n) | 4865540595714422341n;

/** The 32-bit words of a whole number, the lowest first; one at least.
 * @param {bigint} number @returns {number[]} */
function wordsOf(number) {
  const words = [];
  do {
    words.push(Number(number & 0xffffffffn));
    number >>= 32n;
  } while (number > 0n);
  return words;
}

/** A hash whose constant changes with each number that it is given.
 * @param {number} constant @param {number} multiplier @returns {(value: number) => number} */
function hashing(constant, multiplier) {
  return (value) => {
    value ^= constant;
    constant = Math.imul(constant, multiplier);
    value = Math.imul(value, constant);
    return (value ^ (value >>> 16)) >>> 0;
  };
}

/** @param {number} x @param {number} y @returns {number} */
function mixed(x, y) {
  const value = Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y);
  return (value ^ (value >>> 16)) >>> 0;
}

/** The first words of SeedSequence(seed, spawn_key=(chain,)); of SeedSequence(seed) without a chain.
 * @param {bigint} seed @param {number | undefined} chain @param {number} count @returns {number[]} */
export function seedWords(seed, chain, count) {
  const entropy = wordsOf(seed);
  while (entropy.length < POOL) entropy.push(0);
  if (chain !== undefined) entropy.push(...wordsOf(BigInt(chain)));
  const hash = hashing(0x43b0d7e5, 0x931e8875);
  const pool = entropy.slice(0, POOL).map(hash);
  for (let source = 0; source < POOL; source++)
    for (let to = 0; to < POOL; to++) if (source !== to) pool[to] = mixed(pool[to], hash(pool[source]));
  for (const word of entropy.slice(POOL))
    for (let to = 0; to < POOL; to++) pool[to] = mixed(pool[to], hash(word));
  const last = hashing(0x8b51f9dd, 0x58f38ded);
  return Array.from({ length: count }, (_, i) => last(pool[i % POOL]));
}

/** The state of a chain's PCG64 as the module takes it: state high, low, increment high, low. Without a chain, that of
 * `numpy.random.default_rng(seed)`.
 * @param {bigint} seed @param {number} [chain] @returns {bigint[]} */
export function pcg64(seed, chain) {
  const words = seedWords(seed, chain, 8).map(BigInt);
  const [high, low, incrementHigh, incrementLow] = [0, 2, 4, 6].map((i) => words[i] | (words[i + 1] << 32n));
  const increment = ((((incrementHigh << 64n) | incrementLow) << 1n) | 1n) & MASK_128;
  const state = ((increment + ((high << 64n) | low)) * MULTIPLIER + increment) & MASK_128;
  return [state >> 64n, state & MASK_64, increment >> 64n, increment & MASK_64];
}

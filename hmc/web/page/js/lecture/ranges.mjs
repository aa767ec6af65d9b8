// The ranges of histograms, which the worker counts and the page draws, and their numbers of bins.

export const CAFE_BINS = 80;
export const SIGMA_RANGE = [0, 4];
export const SIGMA_BINS = 80;
export const TAU_RANGE = [0, 16];
export const TAU_BINS = 64;
export const EFFECT_RANGES = [[-1.5, 3], [-3, 2]]; // of bXY and bZY
export const EFFECT_BINS = 60;
export const STUDY_SETTINGS = { chains: 4, warmup: 200, draws: 250, seed: 12 }; // of one among many studies

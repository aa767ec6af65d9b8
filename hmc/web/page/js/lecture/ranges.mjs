// The ranges of histograms, which the worker counts and the page draws, and their numbers of bins.

export const CAFE_BINS = 80;
export const SIGMA_RANGE = [0, 4];
export const SIGMA_BINS = 80;
export const TAU_RANGE = [0, 16];
export const TAU_BINS = 64;

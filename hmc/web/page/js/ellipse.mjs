// A covariance of two coordinates as an ellipse: the points at so many standard deviations by that metric.

/** The half axes of variances and a covariance, one standard deviation long, the longer one first.
 * @param {Float64Array | number[]} covariance  variance, covariance, variance @returns {[number[], number[]]} */
export function axesOf([xx, xy, yy]) {
  const mean = 0.5 * (xx + yy), apart = Math.hypot(0.5 * (xx - yy), xy);
  const angle = 0.5 * Math.atan2(2 * xy, xx - yy);
  const [long, wide] = [mean + apart, Math.max(mean - apart, 1e-12 * mean)].map(Math.sqrt);
  return [[long * Math.cos(angle), long * Math.sin(angle)], [-wide * Math.sin(angle), wide * Math.cos(angle)]];
}

/** The variances and the covariance of half axes. @param {number[][]} axes @returns {[number, number, number]} */
export const ellipseOf = ([[a, b], [c, d]]) => [a * a + c * c, a * b + c * d, b * b + d * d];

/** Points of the ellipse around a centre, `count` of them and the first once more.
 * @param {Float64Array | number[]} covariance @param {number[]} centre @param {number} [radius]  in standard deviations
 * @param {number} [count] @returns {number[][]} */
export function ellipsePoints(covariance, centre, radius = 1, count = 72) {
  const [long, wide] = axesOf(covariance);
  return Array.from({ length: count + 1 }, (_, k) => {
    const turn = (2 * Math.PI * k) / count;
    return centre.map((value, i) => value + radius * (Math.cos(turn) * long[i] + Math.sin(turn) * wide[i]));
  });
}

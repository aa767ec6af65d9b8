// A covariance of two coordinates as an ellipse: the points one standard deviation away by that metric.

/** The half axes of the ellipse and its direction, from variance, covariance and variance.
 * @param {Float64Array | number[]} covariance
 * @returns {{long: number, short: number, angle: number}}  the angle of the long axis, counterclockwise */
export function axesOfEllipse([xx, xy, yy]) {
  const middle = (xx + yy) / 2, apart = Math.hypot((xx - yy) / 2, xy);
  return {
    long: Math.sqrt(middle + apart),
    short: Math.sqrt(Math.max(0, middle - apart)),
    angle: 0.5 * Math.atan2(2 * xy, xx - yy),
  };
}

/** Points of the ellipse around a centre, `count` of them and the first once more.
 * @param {Float64Array | number[]} covariance @param {number[]} centre @param {number} [radius]  in standard deviations
 * @param {number} [count] @returns {[number, number][]} */
export function ellipsePoints(covariance, [cx, cy], radius = 1, count = 72) {
  const { long, short, angle } = axesOfEllipse(covariance);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return Array.from({ length: count + 1 }, (_, k) => {
    const turn = (2 * Math.PI * k) / count;
    const [u, v] = [radius * long * Math.cos(turn), radius * short * Math.sin(turn)];
    return [cx + cos * u - sin * v, cy + sin * u + cos * v];
  });
}

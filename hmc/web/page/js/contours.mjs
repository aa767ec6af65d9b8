// Contour lines of a grid of values, by marching squares.

/** Line segments, [x0, y0, x1, y1] in units of the grid, along which a grid has a value.
 * @param {ArrayLike<number>} values  row by row @param {number} columns @param {number} rows @param {number} level
 * @returns {number[][]} */
export function contourOf(values, columns, rows, level) {
  const segments = [];
  const at = (column, row) => {
    const value = values[row * columns + column];
    return Number.isFinite(value) ? value : -1e300; // outside the support
  };
  const crossing = (a, b) => (level - a) / (b - a);
  for (let row = 0; row + 1 < rows; row++) {
    for (let column = 0; column + 1 < columns; column++) {
      const [a, b, c, d] = [at(column, row), at(column + 1, row), at(column + 1, row + 1), at(column, row + 1)];
      const points = [];
      if (a > level !== b > level) points.push([column + crossing(a, b), row]);
      if (b > level !== c > level) points.push([column + 1, row + crossing(b, c)]);
      if (c > level !== d > level) points.push([column + 1 - crossing(c, d), row + 1]);
      if (d > level !== a > level) points.push([column, row + 1 - crossing(d, a)]);
      for (let k = 0; k + 1 < points.length; k += 2) segments.push([...points[k], ...points[k + 1]]);
    }
  }
  return segments;
}

/** The levels of a Gaussian's contours at whole and half standard deviations, below a highest log density.
 * @param {number} highest @returns {number[]} */
export const levelsBelow = (highest) => [0.5, 1, 1.5, 2, 2.5, 3, 3.5].map((sds) => highest - 0.5 * sds * sds);

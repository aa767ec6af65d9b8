// The inverse of the normal distribution function: Wichura (1988), algorithm AS 241 (PPND16), as Python's `statistics`.

const CENTRE = [
  [2.50908_09287_30122_6727e3, 3.34305_75583_58812_8105e4, 6.72657_70927_00870_0853e4, 4.59219_53931_54987_1457e4,
    1.37316_93765_50946_1125e4, 1.97159_09503_06551_4427e3, 1.33141_66789_17843_7745e2, 3.38713_28727_96366_608],
  [5.22649_52788_52854_561e3, 2.87290_85735_72194_2674e4, 3.93078_95800_09271_061e4, 2.12137_94301_58659_5867e4,
    5.39419_60214_24751_1077e3, 6.87187_00749_20579_0830e2, 4.23133_30701_60091_1252e1, 1],
];
const MIDDLE = [
  [7.74545_01427_83414_07640e-4, 2.27238_44989_26918_45833e-2, 2.41780_72517_74506_11770e-1,
    1.27045_82524_52368_38258, 3.64784_83247_63204_60504, 5.76949_72214_60691_40550, 4.63033_78461_56545_29590,
    1.42343_71107_49683_57734],
  [1.05075_00716_44416_84324e-9, 5.47593_80849_95344_94600e-4, 1.51986_66563_61645_71966e-2,
    1.48103_97642_74800_74590e-1, 6.89767_33498_51000_04550e-1, 1.67638_48301_83803_84940, 2.05319_16266_37758_82187,
    1],
];
const TAIL = [
  [2.01033_43992_92288_13265e-7, 2.71155_55687_43487_57815e-5, 1.24266_09473_88078_43860e-3,
    2.65321_89526_57612_30930e-2, 2.96560_57182_85048_91230e-1, 1.78482_65399_17291_33580, 5.46378_49111_64114_36990,
    6.65790_46435_01103_77720],
  [2.04426_31033_89939_78564e-15, 1.42151_17583_16445_88870e-7, 1.84631_83175_10054_68180e-5,
    7.86869_13114_56132_59100e-4, 1.48753_61290_85061_48525e-2, 1.36929_88092_27358_05310e-1,
    5.99832_20655_58879_37690e-1, 1],
];

/** The number that a standard normal is below with this probability, between 0 and 1.
 * @param {number} probability @returns {number} */
export function normalQuantile(probability) {
  const q = probability - 0.5;
  if (Math.abs(q) <= 0.425) return q * ratioOf(CENTRE, 0.180625 - q * q);
  const r = Math.sqrt(-Math.log(q <= 0 ? probability : 1 - probability));
  const size = r <= 5 ? ratioOf(MIDDLE, r - 1.6) : ratioOf(TAIL, r - 5);
  return q < 0 ? -size : size;
}

/** @param {number[][]} polynomials @param {number} r */
function ratioOf([above, below], r) {
  return polynomial(above, r) / polynomial(below, r);
}

function polynomial(coefficients, r) {
  return coefficients.reduce((sum, coefficient) => sum * r + coefficient, 0);
}

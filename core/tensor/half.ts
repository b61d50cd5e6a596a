const SIGN = 0x8000;
const INFINITY = 0x7c00;
const NOT_A_NUMBER = 0x7e00;
/** Half of the gap above the largest finite half (65504): from here on, values round to infinity. */
const OVERFLOW = 65520;
const SMALLEST_NORMAL = 2 ** -14;
const EXPONENT_BIAS = 15;
const FRACTION_BITS = 10;

const float64 = new Float64Array(1);
const words = new Uint32Array(float64.buffer);

/**
 * The IEEE 754 half-precision bits that are nearest to a number, ties to even. Written out because the supported Node
 * versions do not all have Float16Array.
 */
export function toHalf(value: number): number {
  if (Number.isNaN(value)) return NOT_A_NUMBER;
  const sign = value < 0 || Object.is(value, -0) ? SIGN : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= OVERFLOW) return sign | INFINITY;
  if (magnitude < SMALLEST_NORMAL) return sign | roundToEven(magnitude * 2 ** (FRACTION_BITS + 14));
  const exponent = exponentOf(magnitude);
  const significand = roundToEven(magnitude * 2 ** (FRACTION_BITS - exponent));
  // A significand that was rounded up to 2048 carries into the exponent, which is what the next half needs.
  return sign | (((exponent + EXPONENT_BIAS) << FRACTION_BITS) + significand - (1 << FRACTION_BITS));
}

/** The value of half-precision bits; exact, since every half is a double. */
export function fromHalf(bits: number): number {
  const sign = bits & SIGN ? -1 : 1;
  const exponent = (bits & INFINITY) >> FRACTION_BITS;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** Unbiased binary exponent of a positive normal double; the high word is the second one on little-endian machines. */
function exponentOf(magnitude: number): number {
  float64[0] = magnitude;
  return ((words[1] as number) >>> 20) - 1023;
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

import { describe, expect, it } from "vitest";
import { beats, rate } from "./beats";

const FS = 250;

/** An ECG as sums of bells: P, QRS and T at each of these times, in mV; `noise` is a fixed wobble. */
function ecg(at_s: readonly number[], length_s: number, { scale = 1, noise = 0.01 } = {}): Float32Array {
  const bell = (t: number, centre: number, width: number): number => Math.exp(-((t - centre) ** 2) / (2 * width ** 2));
  return Float32Array.from({ length: length_s * FS }, (_, place) => {
    const t = place / FS;
    const waves = at_s.map((at) => 0.12 * bell(t, at - 0.17, 0.025) + 1.1 * bell(t, at, 0.012) - 0.25 * bell(t, at + 0.03, 0.01) + 0.28 * bell(t, at + 0.28, 0.05));
    return scale * (waves.reduce((sum, each) => sum + each, 0) + noise * Math.sin(place * 12.9898) + 0.1 * Math.sin(t * 1.5));
  });
}
const every = (rr: number, until: number): number[] => Array.from({ length: Math.floor((until - 0.5) / rr) }, (_, n) => 0.5 + n * rr);

describe("beats marked in an ECG", () => {
  it("are all of them, within two hundredths of a second, at 40, 75 and 150 a minute", () => {
    for (const perMin of [40, 75, 150]) {
      const truth = every(60 / perMin, 12);
      const found = beats({ values: ecg(truth, 12), fsHz: FS });
      expect(found.length).toBe(truth.length);
      expect(Math.max(...found.map((each, place) => Math.abs(each / FS - (truth[place] ?? 0))))).toBeLessThan(0.02);
      expect(rate(found, FS)).toBeCloseTo(perMin, 0);
    }
  });

  it("are the same whatever the gain, and upside down", () => {
    const truth = every(0.8, 12);
    const marked = (scale: number): number[] => beats({ values: ecg(truth, 12, { scale }), fsHz: FS });
    expect(marked(0.1)).toEqual(marked(1));
    expect(marked(-1).length).toBe(truth.length);
  });

  it("leave a pause empty", () => {
    const truth = every(0.8, 12).filter((each) => each < 5 || each > 8.2);
    expect(beats({ values: ecg(truth, 12), fsHz: FS }).length).toBe(truth.length);
  });

  it("are none on a flat line, nor where there is too little to judge by", () => {
    expect(beats({ values: new Float32Array(10 * FS), fsHz: FS })).toEqual([]);
    expect(beats({ values: ecg([0.5], 1), fsHz: FS })).toEqual([]);
    expect(rate([1, 2], FS)).toBeNull();
  });
});

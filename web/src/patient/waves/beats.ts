// Where the heart beats in an ECG, marked for the reader's eye: the steep parts of the curve, squared and smoothed, over
// a threshold that follows them, no nearer to each other than a heart can beat. Pure.
//
// Not here: a rate that anything rests on. What the service found (`waveforms/cells`) stands beside it; where the two
// disagree, or the service could not read the signal, nothing is marked.
//
// After Pan & Tompkins 1985, doi:10.1109/TBME.1985.325532, without its search-back and without its filter: the marks are
// put on the steepest place, then moved to the largest swing within 60 ms.

import type { Trace } from "./traces";

const WINDOW_S = 0.12;
const REFRACTORY_S = 0.25;
const THRESHOLD = 0.35;
const SEARCH_S = 0.06;
/** A look needs so much signal that a usual beat is among it. */
const LEAST_S = 2;

/** Returns the places of the beats in a trace, strictly rising; empty where there is too little to judge by. */
export function beats(trace: Pick<Trace, "values" | "fsHz">): number[] {
  const { values, fsHz } = trace;
  if (values.length < LEAST_S * fsHz) return [];
  const energy = smoothed(slopes(values), Math.max(1, Math.round(WINDOW_S * fsHz)));
  const level = THRESHOLD * peakLevel(energy, fsHz);
  if (!(level > 0)) return [];
  const found: number[] = [];
  for (let place = 0; place < energy.length; place++) {
    if (at(energy, place) < level) continue;
    let end = place;
    while (end < energy.length && at(energy, end) >= level) end++;
    const beat = swing(values, place, end, Math.round(SEARCH_S * fsHz));
    const last = found.at(-1);
    if (last === undefined || beat - last >= REFRACTORY_S * fsHz) found.push(beat);
    place = end;
  }
  return found;
}

const at = (values: Float32Array, place: number): number => values[place] ?? 0;

function slopes(values: Float32Array): Float32Array {
  return values.map((_, place) => (at(values, Math.min(values.length - 1, place + 1)) - at(values, Math.max(0, place - 1))) ** 2);
}

/** Returns the mean of a window around each place. */
function smoothed(values: Float32Array, width: number): Float32Array {
  const half = Math.floor(width / 2);
  let sum = 0;
  const sums = Float64Array.from(values, (value) => (sum += value));
  return values.map((_, place) => {
    const [from, to] = [place - half - 1, Math.min(values.length - 1, place + half)];
    return ((sums[to] ?? 0) - (from < 0 ? 0 : (sums[from] ?? 0))) / (to - Math.max(-1, from));
  });
}

/** Returns the median of the highest of each 1.5 seconds: one artefact does not hide the beats, nor a pause invent some. */
function peakLevel(energy: Float32Array, fsHz: number): number {
  const size = Math.round(1.5 * fsHz);
  const peaks: number[] = [];
  for (let from = 0; from + size <= energy.length; from += size) peaks.push(energy.subarray(from, from + size).reduce((most, value) => Math.max(most, value), 0));
  return peaks.sort((a, b) => a - b)[Math.floor(peaks.length / 2)] ?? 0;
}

/** Returns the place of the largest swing from the middle of what is around. */
function swing(values: Float32Array, from: number, to: number, reach: number): number {
  const around = values.subarray(Math.max(0, from - reach), Math.min(values.length, to + reach));
  const middle = [...around].sort((a, b) => a - b)[Math.floor(around.length / 2)] ?? 0;
  let best = 0;
  around.forEach((value, place) => { if (Math.abs(value - middle) > Math.abs(at(around, best) - middle)) best = place; });
  return Math.max(0, from - reach) + best;
}

/** Returns the mean rate of beats [/min], null for fewer than three. */
export function rate(places: readonly number[], fsHz: number): number | null {
  const [first, last] = [places[0], places.at(-1)];
  return places.length < 3 || first === undefined || last === undefined ? null : (60 * fsHz * (places.length - 1)) / (last - first);
}

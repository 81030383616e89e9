// Geometry of the chart on which limits are moved. Pure: pixels, seconds and values; nothing is drawn here.

export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly height: number;
}

export const toY = (scale: Scale, value: number): number =>
  scale.height * (1 - (value - scale.low) / (scale.high - scale.low));
export const toValue = (scale: Scale, y: number): number => scale.low + (1 - y / scale.height) * (scale.high - scale.low);
export const snapped = (value: number, step: number): number => Number((Math.round(value / step) * step).toFixed(3));
export const within = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

/** Returns a range that holds what is usual, what was measured and every limit, with a little room. */
export function range(usual: readonly [number, number], values: readonly (number | null)[]): { readonly low: number; readonly high: number } {
  const given = values.filter((value): value is number => value !== null && Number.isFinite(value));
  const low = given.reduce((least, value) => Math.min(least, value), usual[0]);
  const high = given.reduce((most, value) => Math.max(most, value), usual[1]);
  const air = (high - low) * 0.03;
  return { low: low - air, high: high + air };
}

export interface Curve {
  readonly t: readonly number[];
  readonly low: readonly (number | null)[];
  readonly high: readonly (number | null)[];
  readonly gapMs: number;
}

/** Draws a curve as runs without gaps: the middle as a line, lowest to highest as an area. */
export function drawn(curve: Curve, x: (at: number) => number, scale: Scale): { readonly line: string; readonly area: string } {
  const lines: string[] = [];
  const areas: string[] = [];
  let run: { readonly at: number; readonly low: number; readonly high: number }[] = [];
  const point = (at: number, value: number): string => `${x(at).toFixed(1)} ${toY(scale, value).toFixed(1)}`;
  const end = (): void => {
    if (run.length === 0) return;
    const middle = run.map((each) => point(each.at, (each.low + each.high) / 2));
    // A single reading is a dot: a line without length, with round ends.
    lines.push(`M${middle.length === 1 ? `${middle[0] ?? ""}L${middle[0] ?? ""}` : middle.join("L")}`);
    const over = run.map((each) => point(each.at, each.high));
    const under = run.map((each) => point(each.at, each.low)).reverse();
    areas.push(`M${[...over, ...under].join("L")}Z`);
    run = [];
  };
  let before = -Infinity;
  curve.t.forEach((at, place) => {
    const low = curve.low[place] ?? null;
    const high = curve.high[place] ?? null;
    if (at - before > curve.gapMs) end();
    if (low !== null && high !== null) run.push({ at, low, high });
    before = at;
  });
  end();
  return { line: lines.join(""), area: areas.join("") };
}

/** Puts labels that stand too close apart, each as near its place as it can; the order stays. */
export function spread(places: readonly number[], apart: number, height: number): readonly number[] {
  const order = places.map((_, place) => place).sort((a, b) => (places[a] ?? 0) - (places[b] ?? 0));
  const put = [...places];
  order.forEach((place, rank) => {
    const before = order[rank - 1];
    const least = before === undefined ? apart / 2 : (put[before] ?? 0) + apart;
    put[place] = Math.max(put[place] ?? 0, least);
  });
  [...order].reverse().forEach((place, rank, turned) => {
    const after = turned[rank - 1];
    const most = after === undefined ? height - apart / 2 : (put[after] ?? 0) - apart;
    put[place] = Math.min(put[place] ?? 0, most);
  });
  return put;
}

/** A change of medication on the time axis. */
export interface Flag {
  readonly atMs: number;
  readonly text: string;
}

export interface Flown extends Flag {
  readonly x: number;
  /** Whether there is room for its words before the next one. */
  readonly named: boolean;
}

/** Puts flags on the axis, from the first to the last; words stand only where they reach no other flag, nor the edge. */
export function flown(flags: readonly Flag[], x: (at: number) => number, width: number, perLetter: number): readonly Flown[] {
  const inside = flags.map((each) => ({ ...each, x: x(each.atMs) })).filter((each) => each.x >= 0 && each.x <= width).sort((a, b) => a.x - b.x);
  return inside.map((each, place) => ({ ...each, named: each.x + each.text.length * perLetter + 24 < (inside[place + 1]?.x ?? width) }));
}

const HOUR = 3600_000;
const STEPS = [1, 2, 3, 6, 12, 24, 48, 24 * 7, 24 * 14] as const;

/** Returns instants for marks on the time axis, on whole hours of the wall clock that `offsetMs` is ahead of UTC. */
export function marks(fromMs: number, toMs: number, most: number, offsetMs: number): readonly number[] {
  const step = (STEPS.find((hours) => (toMs - fromMs) / (hours * HOUR) <= most) ?? 24 * 28) * HOUR;
  const first = Math.ceil((fromMs + offsetMs) / step) * step - offsetMs;
  const found: number[] = [];
  for (let at = first; at <= toMs; at += step) found.push(at);
  return found;
}

/** Returns round values for lines across the chart. */
export function levels(low: number, high: number, most: number): readonly number[] {
  const step = [0.2, 0.5, 1, 2, 5, 10, 20, 50].find((each) => (high - low) / each <= most) ?? 100;
  const found: number[] = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) found.push(Number(value.toFixed(3)));
  return found;
}

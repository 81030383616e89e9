// A curve of the last hours, a point a minute. Pure. Values of one minute are averaged; nothing is drawn in between
// points that lie further apart than `gapS`.

import type { Series } from "../api/types";

export const SPAN_MS = 4 * 3600_000;
const STEP_MS = 60_000;

export interface Point {
  readonly t: number;
  readonly mean: number;
  readonly n: number;
}
export interface Trend {
  readonly points: readonly Point[];
  readonly gapS: number;
}

const start = (t: number): number => Math.floor(t / STEP_MS) * STEP_MS;

export function fromSeries(series: Series): Trend {
  const values = series.mean ?? series.value ?? [];
  const points: Point[] = [];
  series.t.forEach((t, index) => {
    const mean = values[index];
    if (typeof mean === "number") points.push({ t: start(t), mean, n: 1 });
  });
  return { points, gapS: series.gap_s };
}

/** Adds a value to the minute it was measured in; one that is older than the last minute is left out. */
export function append(trend: Trend, t: number, value: number): Trend {
  const minute = start(t);
  const last = trend.points.at(-1);
  if (last && minute < last.t) return trend;
  const from = minute - SPAN_MS - STEP_MS;
  const kept = trend.points[0] && trend.points[0].t < from ? trend.points.filter((point) => point.t >= from) : trend.points;
  if (last?.t !== minute) return { ...trend, points: [...kept, { t: minute, mean: value, n: 1 }] };
  const n = last.n + 1;
  return { ...trend, points: [...kept.slice(0, -1), { t: minute, mean: last.mean + (value - last.mean) / n, n }] };
}

export interface Frame {
  readonly from: number;
  readonly to: number;
  readonly low: number;
  readonly high: number;
  readonly width: number;
  readonly height: number;
}

/** Returns an SVG path within the frame; values beyond its range run along its edge. */
export function path(trend: Trend, frame: Frame): string {
  let drawn = "";
  let before: number | null = null;
  for (const { t, mean } of trend.points) {
    if (t < frame.from - STEP_MS) continue;
    const x = (((t - frame.from) / (frame.to - frame.from)) * frame.width).toFixed(1);
    const y = yOf(mean, frame).toFixed(1);
    const joined = before !== null && t - before <= trend.gapS * 1000;
    drawn += joined ? `L${x} ${y}` : `M${x} ${y}h.01`;
    before = t;
  }
  return drawn;
}

export function yOf(value: number, frame: Pick<Frame, "low" | "high" | "height">): number {
  const share = (value - frame.low) / (frame.high - frame.low);
  return frame.height * (1 - Math.min(1, Math.max(0, share)));
}

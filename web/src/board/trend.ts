// A curve of the last hours, a point for each step of time. Pure. Values of one step are averaged; nothing is drawn in
// between points that lie further apart than `gapS`.

import type { Band, History, Resolution, Series } from "../api/types";

export interface Span {
  readonly ms: number;
  readonly stepMs: number;
  readonly resolution: Resolution;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** By hours: a point a minute while that can be seen, a point a quarter of an hour beyond. */
export const SPANS: Readonly<Record<4 | 24, Span>> = {
  4: { ms: 4 * HOUR_MS, stepMs: MINUTE_MS, resolution: "1m" },
  24: { ms: 24 * HOUR_MS, stepMs: 15 * MINUTE_MS, resolution: "15m" },
};

export interface Point {
  readonly t: number;
  readonly mean: number;
  readonly n: number;
}
export interface Trend {
  readonly span: Span;
  readonly points: readonly Point[];
  readonly gapS: number;
}

const start = (t: number, { stepMs }: Span): number => Math.floor(t / stepMs) * stepMs;

export function fromSeries(series: Series, span: Span): Trend {
  const values = series.mean ?? series.value ?? [];
  const points: Point[] = [];
  series.t.forEach((t, index) => {
    const mean = values[index];
    if (typeof mean === "number") points.push({ t: start(t, span), mean, n: 1 });
  });
  return { span, points, gapS: Math.max(series.gap_s, (2 * span.stepMs) / 1000) };
}

/** Adds a value to the step it was measured in; one that is older than the last step is left out. */
export function append(trend: Trend, t: number, value: number): Trend {
  const { span } = trend;
  const step = start(t, span);
  const last = trend.points.at(-1);
  if (last && step < last.t) return trend;
  const from = step - span.ms - span.stepMs;
  const kept = trend.points[0] && trend.points[0].t < from ? trend.points.filter((point) => point.t >= from) : trend.points;
  if (last?.t !== step) return { ...trend, points: [...kept, { t: step, mean: value, n: 1 }] };
  const n = last.n + 1;
  return { ...trend, points: [...kept.slice(0, -1), { t: step, mean: last.mean + (value - last.mean) / n, n }] };
}

/** The range of values between the lower and the upper edge. */
export interface Scale {
  readonly low: number;
  readonly high: number;
}
export interface Frame extends Scale {
  readonly from: number;
  readonly to: number;
  readonly width: number;
  readonly height: number;
}

/** Something that was done to the patient, and when, in ms since 1970. */
export type Mark = NonNullable<History["marks"]>[number];

/** SVG paths, empty where there is nothing to draw. */
export interface Sketch {
  readonly band: string;
  readonly line: string;
  readonly ticks: string;
  readonly dot: string;
}

/** Draws a curve, its newest point as a dot, the limits as a band, and a tick at the lower edge for each of `ticks`. */
export function sketch(trend: Trend | undefined, band: Band | undefined, ticks: readonly number[], frame: Frame): Sketch {
  const { width, height } = frame;
  const last = trend?.points.at(-1);
  const x = last ? xOf(last.t, frame) : 0;
  const y = (value: number | null | undefined, edge: number): string => yOf(value ?? edge, frame).toFixed(1);
  const marks = ticks.filter((t) => t >= frame.from).map((t) => `M${Math.min(width, xOf(t, frame)).toFixed(1)} ${String(height - 5)}v6`);
  return {
    band: band ? `M0 ${y(band.warn_high ?? band.alert_high, frame.high)}H${String(width)}V${y(band.warn_low ?? band.alert_low, frame.low)}H0z` : "",
    line: trend ? path(trend, frame) : "",
    ticks: marks.join(""),
    dot: last && x > 0 ? `M${Math.min(width, x).toFixed(1)} ${y(last.mean, 0)}h.01` : "",
  };
}

/** Draws a line from top to bottom for each mark of a kind, and its head. */
export function flagged(marks: readonly Mark[], kind: Mark["kind"], frame: Pick<Frame, "from" | "to" | "width" | "height">): { readonly lines: string; readonly heads: string } {
  const at = marks.filter((mark) => mark.kind === kind && mark.t >= frame.from && mark.t <= frame.to).map((mark) => xOf(mark.t, frame).toFixed(1));
  return { lines: at.map((x) => `M${x} 0v${String(frame.height)}`).join(""), heads: at.map((x) => `M${x} 0h.01`).join("") };
}

/** Returns an SVG path within the frame; values beyond its range run along its edge. */
export function path(trend: Trend, frame: Frame): string {
  let drawn = "";
  let before: number | null = null;
  for (const { t, mean } of trend.points) {
    if (t < frame.from - trend.span.stepMs) continue;
    const x = xOf(t, frame).toFixed(1);
    const y = yOf(mean, frame).toFixed(1);
    const joined = before !== null && t - before <= trend.gapS * 1000;
    drawn += joined ? `L${x} ${y}` : `M${x} ${y}h.01`;
    before = t;
  }
  return drawn;
}

export function xOf(t: number, frame: Pick<Frame, "from" | "to" | "width">): number {
  return ((t - frame.from) / (frame.to - frame.from)) * frame.width;
}

export function yOf(value: number, frame: Pick<Frame, "low" | "high" | "height">): number {
  const share = (value - frame.low) / (frame.high - frame.low);
  return frame.height * (1 - Math.min(1, Math.max(0, share)));
}

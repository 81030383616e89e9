import { expect, test } from "vitest";
import type { Series } from "../api/types";
import { append, flagged, fromSeries, path, sketch, SPANS, type Frame } from "./trend";

const T = Date.parse("2026-11-21T10:00:00Z");
const MINUTE = 60_000;
const series = (t: readonly number[], mean: readonly number[]): Series => ({ kind: "spo2", unit: "%", gap_s: 120, t, mean, n: t.map(() => 1) }) as unknown as Series;
const frame: Frame = { from: T, to: T + 100 * MINUTE, low: 80, high: 100, width: 100, height: 20 };

test("a gap stays a gap", () => {
  const trend = fromSeries(series([T, T + MINUTE, T + 30 * MINUTE], [90, 90, 90]), SPANS[4]);
  expect(path(trend, frame).match(/M/g)).toHaveLength(2);
});

test("values of one minute are averaged, and an older one changes nothing", () => {
  const trend = append(append(fromSeries(series([T], [90]), SPANS[4]), T + MINUTE, 92), T + MINUTE + 5_000, 94);
  expect(trend.points.at(-1)?.mean).toBe(93);
  expect(append(trend, T, 50)).toBe(trend);
});

test("a day has a point a quarter of an hour, and what is older than it goes", () => {
  let trend = fromSeries(series([], []), SPANS[24]);
  for (let t = T; t < T + 30 * 3_600_000; t += MINUTE) trend = append(trend, t, 90);
  expect(trend.points.length).toBeLessThanOrEqual(98);
  expect(trend.points[0]?.t).toBeGreaterThanOrEqual(T + 5 * 3_600_000);
});

test("a value beyond the range runs along the edge", () => {
  expect(path(fromSeries(series([T], [40]), SPANS[4]), frame)).toBe("M0.0 20.0h.01");
});

test("limits are a band, alerts are ticks, and the newest point is a dot", () => {
  const trend = fromSeries(series([T, T + 50 * MINUTE], [90, 95]), SPANS[4]);
  const limits = { alert_low: 85, warn_low: 90, warn_high: null, alert_high: null };
  const drawn = sketch(trend, limits, [T - MINUTE, T + 25 * MINUTE], frame);
  expect(drawn).toMatchObject({ band: "M0 0.0H100V10.0H0z", ticks: "M25.0 15v6", dot: "M50.0 5.0h.01" });
  expect(sketch(undefined, undefined, [], frame)).toEqual({ band: "", line: "", ticks: "", dot: "" });
});

test("a change of medication is a line with a head, a visit another, and what lies outside the hours is neither", () => {
  const marks = [{ kind: "medication", t: T + 50 * MINUTE }, { kind: "visit", t: T + 75 * MINUTE }, { kind: "visit", t: T - MINUTE }, { kind: "visit", t: T + 101 * MINUTE }] as const;
  expect(flagged(marks, "medication", frame)).toEqual({ lines: "M50.0 0v20", heads: "M50.0 0h.01" });
  expect(flagged(marks, "visit", frame)).toEqual({ lines: "M75.0 0v20", heads: "M75.0 0h.01" });
});

// A curve joins what belongs together and draws nothing where nothing was measured.

import { expect, test } from "vitest";
import type { Series } from "../api/types";
import { layout } from "./curve";

const HOUR = 3_600_000;
const NOW = 1000 * HOUR;
const SHOWN = { unit: "/min", decimals: 0, low: 40, high: 140 };
const series = (hours: readonly number[], means: readonly number[]): Series => ({ kind: "heart_rate", unit: "/min", gap_s: 7200, t: hours.map((ago) => NOW - ago * HOUR), mean: means });

test("h01: a gap in time is a gap in the line, and a lone point is a dot", () => {
  const drawn = layout(series([50, 49, 20], [60, 62, 70]), SHOWN, NOW);
  expect([drawn.lines.length, drawn.dots.length]).toEqual([1, 1]);
});

test("a value outside the usual range widens the drawing instead of leaving it", () => {
  const drawn = layout(series([2], [190]), SHOWN, NOW);
  expect(drawn.dots[0]?.y).toBe(8);
  expect(drawn.marks.map((mark) => mark.value)).toEqual([40, 115, 190]);
});

test("nothing measured draws nothing", () => {
  const drawn = layout(series([], []), SHOWN, NOW);
  expect([drawn.lines, drawn.dots]).toEqual([[], []]);
});

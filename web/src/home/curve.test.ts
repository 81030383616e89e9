// A curve joins what belongs together and draws nothing where nothing was measured.

import { expect, test } from "vitest";
import type { Series } from "../api/types";
import { layout, LEFT, RIGHT, TOP } from "./curve";

const HOUR = 3_600_000;
const NOW = Date.parse("2026-11-18T11:00:00Z");
const SHOWN = { unit: "/min", decimals: 0, low: 40, high: 140 };
const series = (hours: readonly number[], means: readonly number[]): Series => ({ kind: "heart_rate", unit: "/min", gap_s: 7200, t: hours.map((ago) => NOW - ago * HOUR), mean: means });

test("h01: a gap in time is a gap in the line, and a lone point is a dot", () => {
  const drawn = layout(series([50, 49, 20], [60, 62, 70]), SHOWN, NOW);
  expect([drawn.lines.length, drawn.dots.length]).toEqual([1, 1]);
});

test("a value outside the usual range widens the drawing instead of leaving it", () => {
  const drawn = layout(series([2], [190]), SHOWN, NOW);
  expect(drawn.dots[0]?.y).toBe(TOP);
  expect(drawn.marks.map((mark) => mark.value)).toEqual([40, 115, 190]);
});

test("nothing measured draws nothing", () => {
  const drawn = layout(series([], []), SHOWN, NOW);
  expect([drawn.lines, drawn.dots]).toEqual([[], []]);
});

test("h08: a day goes from midnight to midnight in Sweden, and its name stands in the middle of it", () => {
  const drawn = layout(series([], []), SHOWN, NOW);
  expect([drawn.midnights.length, drawn.midnights[0], drawn.midnights.at(-1)]).toEqual([8, LEFT, RIGHT]);
  expect(drawn.days.map((each) => new Date(each.at).toISOString().slice(8, 13))).toEqual(["12T11", "13T11", "14T11", "15T11", "16T11", "17T11", "18T11"]);
});

test("two kilos more are seen", () => {
  const weight: Series = { ...series([48, 2], [71, 73]), kind: "weight" };
  const [before, since] = layout(weight, { unit: "kg", decimals: 1, low: 40, high: 130 }, NOW).dots;
  expect((before?.y ?? 0) - (since?.y ?? 0)).toBeGreaterThan(30);
});

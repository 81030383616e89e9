// Geometry of the chart: what is drawn where, and what a hand's place comes to.

import { expect, test } from "vitest";
import { drawn, flown, levels, marks, range, snapped, spread, toValue, toY } from "./chart";

const SCALE = { low: 80, high: 100, height: 200 };

test("a value and its place on the chart are each other's way back", () => {
  expect(toY(SCALE, 90)).toBe(100);
  expect(toValue(SCALE, toY(SCALE, 87.5))).toBeCloseTo(87.5);
});

test("a place between two steps is the nearer one", () => {
  expect(snapped(87.6, 1)).toBe(88);
  expect(snapped(37.349, 0.1)).toBe(37.3);
});

test("a range holds what is usual, every reading and every limit", () => {
  const found = range([82, 100], [75, null, 97, 102]);

  expect(found.low).toBeLessThan(75);
  expect(found.high).toBeGreaterThan(102);
});

test("nothing is drawn over a gap, and a reading alone is a dot", () => {
  const curve = { t: [0, 60, 600, 660], low: [90, 92, 88, null], high: [90, 92, 88, null], gapMs: 120 };

  const { line } = drawn(curve, (at) => at, SCALE);

  expect(line).toBe("M0.0 100.0L60.0 80.0M600.0 120.0L600.0 120.0");
});

test("labels keep their order, stand apart and stay on the chart", () => {
  const put = spread([50, 52, 199], 44, 200);

  const [first = 0, second = 0] = put;
  expect(second - first).toBeGreaterThanOrEqual(44);
  expect(Math.max(...put)).toBeLessThanOrEqual(200 - 22);
  expect(spread([10, 100], 44, 200)).toEqual([22, 100]);
});

test("marks of time stand on whole hours of the wall clock", () => {
  const from = Date.parse("2026-07-01T05:10:00Z");
  const found = marks(from, from + 24 * 3600_000, 6, 2 * 3600_000);

  expect(found.map((at) => new Date(at + 2 * 3600_000).getUTCHours() % 6)).toEqual([0, 0, 0, 0]);
});

test("lines across stand on round values", () => {
  expect(levels(79.4, 100.6, 7)).toEqual([80, 85, 90, 95, 100]);
});

test("changes of medication stand in time, with words where there is room for them", () => {
  const flags = [{ atMs: 300, text: "Furosemid" }, { atMs: 100, text: "Metoprolol" }, { atMs: 130, text: "x" }, { atMs: 900, text: "later" }];

  const found = flown(flags, (at) => at, 500, 6);

  expect(found.map((each) => [each.text, each.named])).toEqual([["Metoprolol", false], ["x", true], ["Furosemid", true]]);
});

// The week in words says what the numbers say, and nothing where there are none.

import { expect, test } from "vitest";
import type { Series } from "../api/types";
import { trend } from "./trend";

const DAY = 86_400_000;
const NOW = 10 * DAY;
const pulse = (points: readonly (readonly [days: number, mean: number, count: number])[]): Series => ({
  kind: "heart_rate",
  unit: "/min",
  gap_s: 3600,
  t: points.map(([days]) => NOW - days * DAY),
  mean: points.map(([, value]) => value),
  count: points.map(([, , count]) => count),
});

test("the last day is held against the days before it", () => {
  expect(trend(pulse([[3, 70, 1], [0.5, 90, 1]]), NOW)).toMatchObject({ recent: 90, before: 70, against: "higher" });
  expect(trend(pulse([[3, 70, 1], [0.5, 60, 1]]), NOW).against).toBe("lower");
  expect(trend(pulse([[3, 70, 1], [0.5, 73, 1]]), NOW).against).toBe("like");
});

test("an hour with many readings counts for more", () => {
  expect(trend(pulse([[0.2, 60, 9], [0.1, 100, 1]]), NOW).recent).toBe(64);
});

test("h18: where nothing was measured nothing is said", () => {
  expect(trend(pulse([]), NOW)).toMatchObject({ recent: null, before: null, against: "alone" });
  expect(trend(pulse([[0.5, 70, 1]]), NOW).against).toBe("alone");
});

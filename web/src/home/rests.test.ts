import { expect, test } from "vitest";
import type { Rest, Score } from "./api";
import { aged, dated, standing } from "./rests";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const rest = (minutes: number | null, more: Partial<Rest> = {}): Rest => {
  const at = minutes === null ? null : new Date(NOW - minutes * 60_000).toISOString();
  return { part: "temperature", measured_at: at, received_at: at, ageing_s: 3600, stale_s: 7200, counted: at !== null, ...more };
};

test("a value is of now until it is ageing, and old from then on, whatever the score says of it", () => {
  expect([59, 60, 121].map((minutes) => standing(rest(minutes), NOW))).toEqual(["now", "old", "old"]);
});

test("a value that the score has left out is told as left out, and one that is not there as missing", () => {
  expect(standing(rest(121, { counted: false }), NOW)).toBe("left_out");
  expect(standing(rest(null), NOW)).toBe("none");
});

test("a value that is stamped anew by a gateway is as old as the worse of both times", () => {
  expect(standing(rest(1, { received_at: rest(90).measured_at }), NOW)).toBe("old");
});

test("a summary is old where something that it counts is old, not where something is left out", () => {
  expect(aged([rest(1), rest(61)], NOW)).toBe(true);
  expect(aged([rest(1), rest(500, { counted: false }), rest(null)], NOW)).toBe(false);
});

test("a summary that an older page kept without its ages is not shown", () => {
  const kept: Score = { scored_at: "2026-11-22T12:00:00Z", text_sv: "", text_en: "", rests_on: [] };
  const { rests_on, ...older } = kept;
  expect(rests_on).toEqual([]);
  expect(dated(older as Score)).toBeNull();
  expect(dated(kept)).toBe(kept);
});

// Who answers when: joined, cut at days, and the holes in words.

import { expect, test } from "vitest";
import { aCell, aDay, covered } from "./builders";
import { bases, coloured, holes, spans, within } from "./cells";

const MORNING = aCell("2026-11-23T06:00:00Z", "2026-11-23T15:00:00Z", "covered", "Dag", "Anna");
const EVENING = aCell("2026-11-23T15:00:00Z", "2026-11-24T06:00:00Z", "fallback", "Dygnet runt");

test("the same answer is said once, another person is another line", () => {
  const all = spans([MORNING, { ...MORNING, from_at: MORNING.until, until: "2026-11-23T16:00:00Z" }, { ...EVENING, from_at: "2026-11-23T16:00:00Z" }]);
  expect(all.map((each) => [each.team, each.until - each.from])).toEqual([["Dag", 10 * 3_600_000], ["Dygnet runt", 14 * 3_600_000]]);
});

test("a strip joins what has one colour, whoever answers", () => {
  expect(coloured(spans([MORNING, { ...MORNING, from_at: MORNING.until, until: "2026-11-23T20:00:00Z", team: "Kväll" }]))).toHaveLength(1);
});

test("a span is cut at midnight of the wall", () => {
  const [day] = within(spans([EVENING]), aDay);
  expect(day?.until).toBe(Date.parse(aDay.ends_at));
});

test("h25: a word for a time that this page does not know is drawn as nobody, never as covered", () => {
  expect(spans([{ ...MORNING, colour: "perhaps" }])[0]?.colour).toBe("nobody");
});

test("a hole that several patients have is told once with all of them, the soonest first", () => {
  const hole = aCell("2026-11-23T15:00:00Z", "2026-11-23T17:00:00Z", "nobody");
  const later = aCell("2026-11-25T15:00:00Z", "2026-11-25T17:00:00Z", "nobody");
  const found = holes([covered(1, [later]), covered(2, [hole]), covered(3, [hole])]);
  expect(found.map((each) => each.patients.map((one) => one.patient_id))).toEqual([[2, 3], [1]]);
});

test("the base that gaps fall to is named by its hours", () => {
  expect(bases([covered(1, [MORNING, EVENING])])).toEqual([{ team: "Dygnet runt", hours: 15 }]);
});

// The day's answers survive a pause and no midnight; times are said as people say them.

import { expect, test } from "vitest";
import type { Question } from "./api";
import { greeting, next, said, todays } from "./day";

const NOON = Date.parse("2026-11-18T11:00:00Z");
const asked = (...names: readonly string[]): Question[] =>
  names.map((question) => ({ question, form: "yes_no", sv: question, en: question, choices: [], least: 0, most: 10 }));
const WORDS = { tomorrow: "i morgon", yesterday: "i går" };

test("answers begun go on where they stopped", () => {
  const answers = todays({ day: "2026-11-18", answers: { eaten: false, gone: true } }, asked("eaten", "slept"), NOON);
  expect(answers).toEqual({ eaten: false });
  expect(next(asked("eaten", "slept"), answers)).toBe(1);
});

test("yesterday's answers are not today's", () => {
  expect(todays({ day: "2026-11-17", answers: { eaten: true } }, asked("eaten"), NOON)).toEqual({});
});

test("no question is open where all have an answer, a no among them", () => {
  expect(next(asked("eaten"), { eaten: false })).toBe(1);
});

test("h08: a time is said in Swedish time, with its day where that is not today", () => {
  expect(said("2026-11-18T13:05:00Z", NOON, "sv", WORDS)).toBe("14:05");
  expect(said("2026-11-18T23:30:00Z", NOON, "sv", WORDS)).toBe("i morgon 00:30");
  expect(said("2026-11-17T12:00:00Z", NOON, "sv", WORDS)).toBe("i går 13:00");
  expect(said("2026-11-20T08:00:00Z", NOON, "sv", WORDS)).toBe("fredag 20 november 09:00");
});

test("the greeting follows the clock on the wall", () => {
  expect(greeting(Date.parse("2026-11-18T05:00:00Z"))).toBe("home.morning");
  expect(greeting(Date.parse("2026-11-18T21:00:00Z"))).toBe("home.evening");
});

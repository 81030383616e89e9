// The log is short enough to be read, and leaves nobody out.

import { expect, test } from "vitest";
import type { Look } from "./api";
import { byDay } from "./looks";

const look = (at: string, who: string): Look => ({ access_id: Date.parse(at), at, name: who, title: null, role: "nurse", units: [], area: "vitals", did: "read", why: "care", patients: 1, attempts: null, text_sv: `${who} såg dina mätvärden.`, text_en: `${who} saw your readings.` });

test("the same look again on a day is one line that says how often and when", () => {
  const days = byDay([look("2026-11-18T11:00:00Z", "Anna"), look("2026-11-18T10:00:00Z", "Omar"), look("2026-11-18T09:00:00Z", "Anna")], "sv");
  expect(days).toHaveLength(1);
  expect(days[0]?.lines.map((line) => [line.text, line.times, line.from, line.to])).toEqual([
    ["Anna såg dina mätvärden.", 2, "2026-11-18T09:00:00Z", "2026-11-18T11:00:00Z"],
    ["Omar såg dina mätvärden.", 1, "2026-11-18T10:00:00Z", "2026-11-18T10:00:00Z"],
  ]);
});

test("h08: a look after midnight in Sweden is on the next day", () => {
  expect(byDay([look("2026-11-18T23:30:00Z", "Anna"), look("2026-11-18T22:30:00Z", "Anna")], "en").map((each) => each.day)).toEqual(["2026-11-19", "2026-11-18"]);
});

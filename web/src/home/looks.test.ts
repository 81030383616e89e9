// The log is short enough to be read, and leaves nobody out.

import { expect, test } from "vitest";
import type { Look } from "./api";
import { byDay } from "./looks";

const look = (at: string, who: string): Look => ({ access_id: Date.parse(at), at, name: who, title: null, role: "nurse", units: [], area: "vitals", did: "read", why: "care", patients: 1, attempts: null, text_sv: `${who} såg dina mätvärden.`, text_en: `${who} saw your readings.` });

test("a person stands over what they looked at, the same look again is one line that says how often and when", () => {
  const days = byDay([look("2026-11-18T11:00:00Z", "Anna"), look("2026-11-18T10:00:00Z", "Omar"), look("2026-11-18T09:00:00Z", "Anna")], "sv");
  expect(days).toHaveLength(1);
  expect(days[0]?.people.map(({ name, lines }) => [name, lines])).toEqual([
    ["Anna", [{ text: "Såg dina mätvärden.", times: 2, from: "2026-11-18T09:00:00Z", to: "2026-11-18T11:00:00Z" }]],
    ["Omar", [{ text: "Såg dina mätvärden.", times: 1, from: "2026-11-18T10:00:00Z", to: "2026-11-18T10:00:00Z" }]],
  ]);
});

test("units are told once, and a sentence about somebody else's way stays whole", () => {
  const staff = { ...look("2026-11-18T11:00:00Z", "Anna"), title: "Sjuksköterska", units: ["Dagteamet", "Kommunen"], text_sv: "Anna, sjuksköterska vid Dagteamet, Kommunen, såg dina mätvärden, för din vård." };
  const other = { ...staff, text_sv: "Någon öppnade en länk." };
  expect(byDay([staff, other], "sv")[0]?.people.map((each) => [each.title, each.units, each.lines.map((line) => line.text)])).toEqual([
    ["Sjuksköterska", "Dagteamet, Kommunen", ["Såg dina mätvärden, för din vård.", "Någon öppnade en länk."]],
  ]);
});

test("h08: a look after midnight in Sweden is on the next day", () => {
  expect(byDay([look("2026-11-18T23:30:00Z", "Anna"), look("2026-11-18T22:30:00Z", "Anna")], "en").map((each) => each.day)).toEqual(["2026-11-19", "2026-11-18"]);
});

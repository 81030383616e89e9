import { expect, test } from "vitest";

import type { Evidence } from "../api/types";
import { CATALOGUES, type Key } from "../i18n/catalogues";
import { anAlert } from "../live/builders";
import { details, judgement } from "./inputs";

const AT = "2026-11-21T10:00:00Z";
const say = (language: "sv" | "en") => (key: Key, places: Readonly<Record<string, string | number>> = {}): string =>
  Object.entries(places).reduce((text, [name, value]) => text.replaceAll(`{${name}}`, String(value)), CATALOGUES[language][key]);
const anInput = (changes: Partial<Evidence> = {}): Evidence =>
  ({ kind: "oxygen_flow", value: 1, unit: "L/min", measured_at: AT, quality: 0.97, role: "judged", age_s: 14_400, old: false, over_s: 0, ...changes });

test("the age of a number is that of when it was judged, in both languages", () => {
  expect(details(anInput(), say("sv"))).toEqual(["4 h gammalt", "kvalitet 97 %"]);
  expect(details(anInput({ over_s: 900 }), say("en"))).toEqual(["mean of 15 min", "4 h old", "quality 97 %"]);
});

test("of what an older program kept no age is made up, and no time of judgement", () => {
  expect(details(anInput({ age_s: null, quality: null }), say("sv"))).toEqual([]);
  expect(judgement(anAlert(), String, say("sv"))).toEqual([]);
});

test("an alert that was opened long after its judgement says so", () => {
  const judged = (judged_at: string, inputs = [anInput()]): readonly string[] =>
    judgement(anAlert({ opened_at: AT, evidence: { rule_version: 1, judged_at, inputs } }), (time) => time.slice(11, 16), say("en"));

  expect(judged("2026-11-21T07:00:00Z")).toEqual(["Judged 07:00.", "Ages are as they were then.", "The alert was opened 3 h later."]);
  expect(judged("2026-11-21T09:59:00Z")).toEqual(["Judged 09:59.", "Ages are as they were then."]);
  expect(judged("2026-11-21T11:00:00Z", [])).toEqual(["Judged 11:00."]);
});

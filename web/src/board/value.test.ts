import { expect, test } from "vitest";
import { aVital } from "../live/builders";
import { look } from "./value";

const NOW = Date.parse("2026-11-21T10:01:00.000Z");
const t = (key: string, places: Readonly<Record<string, string | number>> = {}): string => [key, ...Object.values(places)].join(" ");
const at = (minutes: number) => ({ now: NOW + minutes * 60_000, language: "sv", t }) as const;

test("a fresh value is a number with its unit and its age", () => {
  expect(look("temperature", aVital({ value: 37.25 }), undefined, at(0))).toMatchObject({ freshness: "fresh", text: "37,3", unit: "°C", age: "age.min 1", last: null });
});

test("h02: a stale value is no number any more, only when it was which", () => {
  expect(look("spo2", aVital(), undefined, at(10))).toMatchObject({ freshness: "stale", text: null, last: { text: "96 %", time: "11:00" } });
  expect(look("spo2", aVital({ validity: "inv" }), undefined, at(0)).text).toBeNull();
});

test("what was never measured is no zero", () => {
  expect(look("spo2", undefined, undefined, at(0))).toMatchObject({ freshness: "stale", text: null, age: "tile.never", last: null });
});

test("a pair is as old as the older of the two, and lacks what it lacks", () => {
  const old = aVital({ value: 70, measured_at: "2026-11-21T09:57:00.000Z" });
  expect(look("systolic", aVital({ value: 120 }), old, at(0))).toMatchObject({ freshness: "ageing", text: "120/70", age: "age.min 4" });
  expect(look("systolic", aVital({ value: 120 }), undefined, at(0)).text).toBe("120/–");
});

test("a doubtful value asks to be looked at", () => {
  expect(look("spo2", aVital({ validity: "qst" }), undefined, at(0)).check).toBe(true);
});

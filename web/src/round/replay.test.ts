// The board of a past minute: nothing that came later, ages as they were, alerts in the hands they were in.

import { expect, test } from "vitest";
import { aMoment, aNight } from "./builders";
import { alertAt, boardAt, known, last, raised } from "./replay";

const FROM = Date.parse("2026-11-21T20:00:00Z");
const SPO2 = { minute: [0, 90], measured_s: [-60, 1800], value: [96, 84], usable: [true, true], ageing_s: 180, stale_s: 600 };
const ALERT = {
  alert_id: 7,
  rule: "limit.spo2.low",
  family: "clinical" as const,
  moments: [
    aMoment("2026-11-21T21:00:00Z", "open"),
    aMoment("2026-11-21T21:10:00Z", "acknowledged", { seen_by: "Anna", held_by: "Anna" }),
    aMoment("2026-11-21T22:00:00Z", "resolved"),
  ],
};
const at = (clock: string): number => Date.parse(`2026-11-21T${clock}:00Z`);

test("the place of the last number that is not beyond", () => {
  expect([last([0, 5, 9], -1), last([0, 5, 9], 5), last([0, 5, 9], 8), last([0, 5, 9], 99), last([], 3)]).toEqual([-1, 1, 1, 2, -1]);
});

test("h02: a value is shown from the minute it came, as old as it was", () => {
  expect(known(SPO2, 1)).toEqual({ value: 96, ageS: 120, state: "fresh" });
  expect(known(SPO2, 89)?.value).toBe(96);
  expect(known(SPO2, 89)?.state).toBe("stale");
  expect(known(SPO2, 90)).toEqual({ value: 84, ageS: 3600, state: "stale" });
});

test("what is not usable is shown as missing however new it is, and what never was is nothing", () => {
  expect(known({ ...SPO2, usable: [false, true] }, 0)?.state).toBe("stale");
  expect(known(undefined, 5)).toBeNull();
});

test("an alert is not there before it was raised, is with whom it was, and is gone when it was closed", () => {
  expect(alertAt(ALERT, at("20:59"))).toBeNull();
  expect(alertAt(ALERT, at("21:05"))).toMatchObject({ open: true, who: null, sinceS: 300 });
  expect(alertAt(ALERT, at("21:30"))).toMatchObject({ open: false, who: "Anna" });
  expect(alertAt(ALERT, at("22:00"))).toBeNull();
});

test("the board is in the order of then: who had an unseen alert first, then by the upper bound of NEWS2", () => {
  const calm = aNight(1, { scores: { minute: [0], min: [2], max: [5], risk: ["medium"] } });
  const ill = aNight(2, { alerts: [ALERT], scores: { minute: [0], min: [0], max: [1], risk: ["low"] } });
  const order = (minute: number): readonly number[] => boardAt([ill, calm], FROM, minute).map((row) => row.stay.patient_id);
  expect(order(30)).toEqual([1, 2]);
  expect(order(62)).toEqual([2, 1]);
});

test("the marks along the time are where alerts were raised within it", () => {
  expect(raised([aNight(1, { alerts: [ALERT] })], FROM, 600)).toEqual([{ minute: 60, level: "high" }]);
  expect(raised([aNight(1, { alerts: [ALERT] })], FROM, 30)).toEqual([]);
});

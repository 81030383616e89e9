// What a shift tells of a patient: what is over once, what is unread by itself, the quiet ones apart.

import { expect, test } from "vitest";
import { anAlert } from "../live/builders";
import type { Entry, ShiftPatient } from "./api";
import { open, sorted, story, unread } from "./story";

const SINCE = Date.parse("2026-11-21T20:00:00Z");
const anEntry = (event_id: number, at: string, more: Partial<Entry> = {}): Entry => ({
  event_id, kind: "note", occurred_at: at, written_at: at, author: "staff", by: null, device_id: null, words: "Sov illa", medication: null,
  values: [], answers: [], remind_at: null, corrects: null, corrected_by: null, error: null, read_by: [], read_by_me: true, ...more,
});
const patient = (patient_id: number, more: Partial<ShiftPatient> = {}): ShiftPatient => ({ patient_id, name: `Test ${String(patient_id)}`, number_hint: "0000", alerts: [], entries: [], ...more });

test("an alert that is over is one line at its end; an open one stands by itself", () => {
  const over = anAlert({ alert_id: 1, state: "resolved", resolved_at: "2026-11-21T21:00:00Z" });
  const still = anAlert({ alert_id: 2 });
  const whole = patient(1, { alerts: [over, still] });
  expect(story(whole, SINCE).map((line) => line.what)).toEqual(["over"]);
  expect(open(whole).map((alert) => alert.alert_id)).toEqual([2]);
});

test("what the reader has not read is told as unread, however old; what is in error is not told", () => {
  const old = anEntry(1, "2026-11-20T08:00:00Z", { read_by_me: false });
  const wrong = anEntry(2, "2026-11-21T22:00:00Z", { read_by_me: false, error: { at: "", by: 1, name: "", reason: "" } });
  const read = anEntry(3, "2026-11-21T23:00:00Z");
  const whole = patient(1, { entries: [old, wrong, read] });
  expect(unread(whole).map((each) => each.event_id)).toEqual([1]);
  expect(story(whole, SINCE)).toHaveLength(1);
});

test("who has open alerts comes first, who has nothing is among the quiet", () => {
  const found = sorted([patient(1), patient(2, { entries: [anEntry(1, "2026-11-21T22:00:00Z")] }), patient(3, { alerts: [anAlert({})] })], SINCE);
  expect(found.eventful.map((each) => each.patient_id)).toEqual([3, 2]);
  expect(found.quiet.map((each) => each.patient_id)).toEqual([1]);
});

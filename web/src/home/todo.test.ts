// A task is there until what it asks for is entered, and is never there twice.

import { expect, test } from "vitest";
import type { Due } from "./api";
import type { Entry } from "./outbox";
import { measures } from "./todo";

const due = (kind: string, more: Partial<Due> = {}): Due => ({ kind, by: "patient", every_s: 3600, last_at: null, due_at: "2026-11-18T11:00:00Z", overdue: true, ...more });
const typed: Entry = { id: "1", account: 1, patient: 1, entered: 0, from: 0, refused: null, kind: "readings", body: { values: [{ kind: "systolic", value: 120 }, { kind: "diastolic", value: 80 }], words: "" } };

test("a blood pressure is one task, done when it is entered", () => {
  expect(measures([due("systolic")], [])).toMatchObject([{ kinds: ["systolic", "diastolic"], entered: false }]);
  expect(measures([due("systolic")], [typed])).toMatchObject([{ entered: true }]);
});

test("what staff are to judge is no task of the patient's", () => {
  expect(measures([due("consciousness", { by: "staff" })], [])).toEqual([]);
});

test("h04: what the server refused is not done", () => {
  expect(measures([due("systolic")], [{ ...typed, refused: "no" }])).toMatchObject([{ entered: false }]);
});

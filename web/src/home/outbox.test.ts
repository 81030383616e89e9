// What was entered is sent once, by whom it belongs to, and is lost by no answer.

import { expect, test } from "vitest";
import { fate, sendable, type Entry } from "./outbox";

const entry = (id: string, more: Partial<Entry> = {}): Entry =>
  ({ id, account: 1, patient: 7, entered: 0, from: 0, refused: null, kind: "help", body: {}, ...more }) as Entry;

test("a call for help goes before what was entered earlier", () => {
  const entries = [entry("weight", { kind: "readings", entered: 1 }), entry("help", { entered: 2 })];
  expect(sendable(entries, 1, 9).map((each) => each.id)).toEqual(["help", "weight"]);
});

test("h06: what another account entered is not sent", () => {
  expect(sendable([entry("theirs", { account: 2 })], 1, 9)).toEqual([]);
});

test("what can still be taken back waits, and what was refused is not sent again", () => {
  expect(sendable([entry("new", { from: 10 }), entry("no", { refused: "outside the range" })], 1, 9)).toEqual([]);
});

test.each([
  [201, "sent"],
  [200, "sent"],
  [0, "later"],
  [503, "later"],
  [429, "later"],
  [401, "held"],
  [412, "held"],
  [422, "refused"],
  [404, "refused"],
  [409, "refused"],
] as const)("an answer of %i means %s", (status, expected) => {
  expect(fate(status)).toBe(expected);
});

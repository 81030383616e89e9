// What was being typed when a session ended is there for its own person, once.

import { expect, test } from "vitest";
import { leave, pick } from "./begun";

test("what was left is there once, with its time", () => {
  leave(1, "measure", { weight: "71,5" }, 1000);
  expect(pick(1, "measure")).toEqual({ at: 1000, value: { weight: "71,5" } });
  expect(pick(1, "measure")).toBeNull();
});

test("h06: another account finds nothing of it", () => {
  leave(1, "measure", { weight: "71,5" }, 1000);
  expect(pick(2, "measure")).toBeNull();
});

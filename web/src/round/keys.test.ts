// The keys of a round: one each, none while somebody types.

import { expect, test } from "vitest";
import { wish } from "./keys";

const pressed = (key: string, more = {}): Parameters<typeof wish>[0] => ({ key, altKey: false, ctrlKey: false, metaKey: false, repeat: false, ...more });

test.each([["n", "next"], ["p", "previous"], ["t", "write"], [" ", "sign"], ["1", 1], ["6", 6], ["7", null], ["0", null], ["x", null]])("%s on the page is %s", (key, wanted) => {
  expect(wish(pressed(key), "page")).toBe(wanted);
});

test.each(["n", "p", "t", " ", "1"])("%s acts on nothing while somebody types", (key) => {
  expect(wish(pressed(key), "field")).toBeNull();
});

test("what is typed is signed with Ctrl and Enter", () => {
  expect(wish(pressed("Enter", { ctrlKey: true }), "field")).toBe("sign");
  expect(wish(pressed("Enter"), "field")).toBeNull();
});

test("a space presses the button that has the focus, and signs nothing besides", () => {
  expect(wish(pressed(" "), "control")).toBeNull();
});

test("a key that is held down, or pressed with another, signs and decides nothing", () => {
  expect(wish(pressed(" ", { repeat: true }), "page")).toBeNull();
  expect(wish(pressed("1", { repeat: true }), "page")).toBeNull();
  expect(wish(pressed("n", { ctrlKey: true }), "page")).toBeNull();
});

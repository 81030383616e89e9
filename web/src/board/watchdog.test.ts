import { expect, test } from "vitest";
import { tired } from "./watchdog";

test("test_h03_a_wall_screen_that_hears_nothing_loads_itself_anew", () => {
  expect(tired({ heardS: 61, upS: 300, ringing: true })).toBe(true);
  expect(tired({ heardS: null, upS: 61, ringing: false })).toBe(true);
  expect(tired({ heardS: 3, upS: 3_600, ringing: false })).toBe(false);
});

test("a wall screen is renewed once a day, never while something rings", () => {
  expect(tired({ heardS: 1, upS: 90_000, ringing: false })).toBe(true);
  expect(tired({ heardS: 1, upS: 90_000, ringing: true })).toBe(false);
});

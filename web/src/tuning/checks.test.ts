// Limits that are out of order are said while they are typed; a hand cannot drag one past another.

import { expect, test } from "vitest";
import { inWords, outOfOrder, read, room } from "./checks";
import { NO_LIMITS } from "./overlay";

const LIMITS = { ...NO_LIMITS, floor: 80, alert_low: 88, warn_low: 91 };

test("h12: each limit must lie below the next one that is set", () => {
  expect(outOfOrder(LIMITS)).toEqual([]);
  expect(outOfOrder({ ...LIMITS, alert_low: 92 })).toEqual([{ bound: "alert_low", than: "warn_low", value: 92, other: 91 }]);
  expect(outOfOrder({ ...LIMITS, warn_low: null, alert_high: 85 })).toEqual([{ bound: "alert_low", than: "alert_high", value: 88, other: 85 }]);
});

test("a hard floor may meet the alert above it, two soft limits may not meet", () => {
  expect(outOfOrder({ ...LIMITS, alert_low: 80 })).toEqual([]);
  expect(outOfOrder({ ...LIMITS, alert_low: 91 })).toHaveLength(1);
});

test("h12: a limit is moved no further than its neighbours", () => {
  expect(room(LIMITS, "alert_low", 1, 70, 100)).toEqual({ low: 80, high: 90 });
  expect(room(LIMITS, "warn_low", 1, 70, 100)).toEqual({ low: 89, high: 100 });
});

test.each([["88", 88], ["37,5", 37.5], ["37.5", 37.5], [" −2 ", -2], ["", null], ["8 8", undefined], ["x", undefined], ["1e3", undefined]])("“%s” is read as %s", (text, value) => {
  expect(read(text)).toBe(value);
});

test("names of bounds in the server's sentences are put into words", () => {
  expect(inWords("alert_low 92 måste ligga under warn_low 91", (key) => key)).toBe("“tuning.bound.alert_low” 92 måste ligga under “tuning.bound.warn_low” 91");
});

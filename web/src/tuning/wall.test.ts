// Times on the wall are Stockholm's, also on the nights when the clock is set.

import { expect, test } from "vitest";
import { aheadMs, instantOf } from "./wall";

test.each([
  ["2026-01-10T14:00", "2026-01-10T13:00:00.000Z"],
  ["2026-07-10T14:00", "2026-07-10T12:00:00.000Z"],
  ["2026-10-25T02:30", "2026-10-25T00:30:00.000Z"],
  ["2026-10-25T03:30", "2026-10-25T02:30:00.000Z"],
  ["2026-03-29T01:30", "2026-03-29T00:30:00.000Z"],
  ["2026-03-29T03:30", "2026-03-29T01:30:00.000Z"],
])("h08: %s on the wall is %s", (wall, instant) => {
  expect(instantOf(wall).toISOString()).toBe(instant);
});

test("the wall is ahead of UTC by one hour, and by two in summer", () => {
  expect([aheadMs(Date.parse("2026-01-10T12:00:00Z")), aheadMs(Date.parse("2026-07-10T12:00:00Z"))]).toEqual([3600_000, 7200_000]);
});

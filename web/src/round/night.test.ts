// Hours by the clock on a Swedish wall, over both nights when it changes.

import { expect, test } from "vitest";
import { clocked, instant, last, shiftsBegan, wall } from "./night";

const iso = (at: number): string => new Date(at).toISOString().slice(0, 16);

test("the wall and the instant are each other's inverse in winter and in summer", () => {
  expect(iso(instant("2026-11-22T21:00"))).toBe("2026-11-22T20:00");
  expect(iso(instant("2026-07-01T21:00"))).toBe("2026-07-01T19:00");
  expect(wall(Date.parse("2026-11-22T23:30:00Z"))).toBe("2026-11-23T00:30");
});

test("h08: of an hour that autumn shows twice the first counts, of one that spring leaves out the change", () => {
  expect(iso(instant("2026-10-25T02:30"))).toBe("2026-10-25T00:30");
  expect(iso(instant("2027-03-28T02:30"))).toBe("2027-03-28T01:30");
});

test("h08: the night when the clocks change is one hour longer", () => {
  const [from, until] = last(Date.parse("2026-10-25T09:00:00Z"), "21:00", "07:00");
  expect((until - from) / 3_600_000).toBe(11);
});

test("before nine in the evening the last night is the one before, after it the one that has begun", () => {
  expect(last(Date.parse("2026-11-22T14:00:00Z"), "21:00", "07:00").map(iso)).toEqual(["2026-11-21T20:00", "2026-11-22T06:00"]);
  expect(last(Date.parse("2026-11-22T21:00:00Z"), "21:00", "07:00").map(iso)).toEqual(["2026-11-22T20:00", "2026-11-23T06:00"]);
});

test("at hand-over the shift that ends comes first, not the one that has just begun", () => {
  expect(wall(shiftsBegan(Date.parse("2026-11-22T06:10:00Z"))[0] ?? 0)).toBe("2026-11-21T21:00");
  expect(shiftsBegan(Date.parse("2026-11-22T12:00:00Z")).length).toBeGreaterThan(3);
});

test.each([["7", "07:00"], ["730", "07:30"], ["07.30", "07:30"], ["24:00", null], ["07:60", null], ["nej", null]])("%s is read as %s", (text, wanted) => {
  expect(clocked(text)).toBe(wanted);
});

import { describe, expect, it } from "vitest";
import { days, instant, nights } from "./wallclock";

const iso = (at: number): string => new Date(at).toISOString();

describe("H8: the patient's clock", () => {
  it("is one hour ahead in winter and two in summer", () => {
    expect(iso(instant("2026-01-10", 6 * 60))).toBe("2026-01-10T05:00:00.000Z");
    expect(iso(instant("2026-07-10", 6 * 60))).toBe("2026-07-10T04:00:00.000Z");
  });

  it("has a night of seven hours when summer time begins and of nine when it ends", () => {
    const hours = (date: string, next: string): number => (instant(next, 6 * 60) - instant(date, 22 * 60)) / 3_600_000;
    expect([hours("2026-03-28", "2026-03-29"), hours("2026-10-24", "2026-10-25")]).toEqual([7, 9]);
  });

  it("counts every day once, the night of the change too", () => {
    expect(days(Date.parse("2026-03-27T23:30:00Z"), Date.parse("2026-03-30T21:00:00Z"))).toEqual(["2026-03-28", "2026-03-29", "2026-03-30"]);
  });

  it("cuts nights at the edges of the interval, and knows the one that began the evening before", () => {
    const found = nights(Date.parse("2026-01-10T02:00:00Z"), Date.parse("2026-01-10T22:00:00Z"), 22 * 60, 6 * 60);
    expect(found.map((each) => [iso(each.from), iso(each.to)])).toEqual([
      ["2026-01-10T02:00:00.000Z", "2026-01-10T05:00:00.000Z"],
      ["2026-01-10T21:00:00.000Z", "2026-01-10T22:00:00.000Z"],
    ]);
  });

  it("knows nights that lie within one day", () => {
    expect(nights(Date.parse("2026-01-10T00:00:00Z"), Date.parse("2026-01-10T12:00:00Z"), 60, 120).map((each) => iso(each.from))).toEqual(["2026-01-10T00:00:00.000Z"]);
  });
});

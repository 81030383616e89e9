import { describe, expect, it } from "vitest";
import { pieces } from "./bands";

const band = (alert_low: number) => ({ alert_low, warn_low: null, warn_high: null, alert_high: null });
const step = (from: string, to: string, low: number, night: number | null = null) => ({
  from,
  to,
  limits: { spo2: band(low) },
  night: night === null ? null : { begins: 22 * 60, ends: 6 * 60, limits: { spo2: band(night) } },
});

describe("limits as they were in force", () => {
  it("change where the plan changed, and not before", () => {
    const found = pieces([step("2026-01-10T08:00:00Z", "2026-01-10T10:00:00Z", 88), step("2026-01-10T10:00:00Z", "2026-01-10T12:00:00Z", 85)], "spo2");
    expect(found.map((each) => [new Date(each.from).toISOString().slice(11, 16), each.band.alert_low])).toEqual([["08:00", 88], ["10:00", 85]]);
  });

  it("are others at night where the plan says so", () => {
    const found = pieces([step("2026-01-10T20:00:00Z", "2026-01-11T08:00:00Z", 88, 86)], "spo2");
    expect(found.map((each) => [new Date(each.from).toISOString().slice(11, 16), each.band.alert_low])).toEqual([["20:00", 88], ["21:00", 86], ["05:00", 88]]);
  });

  it("are not drawn for a kind that has none", () => {
    expect(pieces([step("2026-01-10T08:00:00Z", "2026-01-10T10:00:00Z", 88)], "weight")).toEqual([]);
  });
});

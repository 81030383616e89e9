import { describe, expect, it } from "vitest";
import { anAlert } from "../live/builders";
import { BURSTS, loudest, ringing } from "./signal";

describe("what sounds", () => {
  it("is the highest priority of what nobody has seen", () => {
    const alerts = [
      anAlert({ alert_id: 1, priority: "medium" }),
      anAlert({ alert_id: 2, priority: "high", state: "acknowledged" }),
      anAlert({ alert_id: 3, priority: "high", family: "technical" }),
    ];
    expect(loudest(ringing(alerts))).toBe("medium");
  });

  it("is nothing when all is seen or gone", () => {
    const alerts = [anAlert({ state: "acknowledged" }), anAlert({ alert_id: 2, condition: "cleared" })];
    expect(loudest(ringing(alerts))).toBeNull();
  });

  it("has ten, three, two and one pulses, and every burst ends before it comes again", () => {
    expect(Object.values(BURSTS).map((burst) => burst.tones.length)).toEqual([10, 3, 2, 1]);
    for (const burst of Object.values(BURSTS)) {
      expect(Math.max(...burst.tones.map((tone) => tone.atS + tone.lengthS))).toBeLessThan(burst.everyS);
    }
  });
});

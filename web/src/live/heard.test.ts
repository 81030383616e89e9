import { describe, expect, it } from "vitest";
import { anAlert } from "./builders";
import { heartbeat, MOST_SHOWN } from "./heard";

describe("a page's heartbeat", () => {
  it("names the alerts that it shows, the most urgent first", () => {
    const alerts = [
      anAlert({ alert_id: 1, priority: "low" }),
      anAlert({ alert_id: 2, priority: "high" }),
      anAlert({ alert_id: 3, priority: "high", state: "resolved" }),
    ];
    expect(heartbeat(alerts, true, 7)).toEqual({ type: "heartbeat", listening: true, shown: [2, 1], walk: 7 });
  });

  it("shows nothing to anybody while it is hidden or silent", () => {
    expect(heartbeat([anAlert({ alert_id: 1 })], false, null)).toEqual({ type: "heartbeat", listening: false, shown: [] });
  });

  it("is bounded", () => {
    const many = Array.from({ length: 500 }, (_, index) => anAlert({ alert_id: index + 1 }));
    expect(JSON.stringify(heartbeat(many, true, 1)).length).toBeLessThan(4096);
    expect(heartbeat(many, true, 1).shown).toHaveLength(MOST_SHOWN);
  });
});

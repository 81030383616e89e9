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
    expect(heartbeat(alerts, true, 7, null)).toEqual({ type: "heartbeat", listening: true, shown: [2, 1], walk: 7 });
  });

  it("test_h30_a_page_that_is_hidden_or_silent_shows_nothing_to_anybody", () => {
    expect(heartbeat([anAlert({ alert_id: 1 })], false, null, null)).toEqual({ type: "heartbeat", listening: false, shown: [] });
  });

  it("says whose page is open", () => {
    expect(heartbeat([], true, null, 4).looking).toBe(4);
  });

  it("is bounded", () => {
    const many = Array.from({ length: 500 }, (_, index) => anAlert({ alert_id: index + 1 }));
    expect(JSON.stringify(heartbeat(many, true, 1, 4)).length).toBeLessThan(4096);
    expect(heartbeat(many, true, 1, 4).shown).toHaveLength(MOST_SHOWN);
  });

  it("test_h23_names_each_of_five_hundred_within_the_time_that_a_screen_has_and_the_urgent_one_every_time", () => {
    const many = Array.from({ length: 500 }, (_, index) => anAlert({ alert_id: index + 1, priority: index === 0 ? "high" : "medium" }));
    const beats = [6, 7, 8].map((turn) => heartbeat(many, true, null, null, turn).shown);
    expect(beats.every((shown) => shown.includes(1) && shown.length === new Set(shown).size && shown.length === MOST_SHOWN)).toBe(true);
    expect(new Set(beats.flat()).size).toBe(500);
  });
});

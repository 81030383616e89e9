import { describe, expect, it } from "vitest";
import { at, between, latest, length, LONGEST, nameOf, panned, SHORTEST, SPANS, zoomed } from "./view";

const NOW = Date.parse("2026-03-02T12:00:00Z");

describe("the stretch of time that all charts share", () => {
  it("that follows ends a little after now, and goes along with the clock", () => {
    const view = latest(SPANS["4h"], NOW);
    expect(view.to).toBeGreaterThan(NOW);
    expect(at(view, NOW + 60_000).to - view.to).toBe(60_000);
  });

  it("stands still once it has been moved back", () => {
    const back = panned(latest(SPANS["4h"], NOW), -0.5, NOW);
    expect(back.follows).toBe(false);
    expect(at(back, NOW + 3_600_000)).toEqual(back);
  });

  it("follows again when it is moved to now", () => {
    expect(panned(panned(latest(SPANS["4h"], NOW), -1, NOW), 5, NOW)).toEqual(latest(SPANS["4h"], NOW));
  });

  it("keeps what is pointed at in its place when it is zoomed", () => {
    const view = { from: NOW - 10 * 3_600_000, to: NOW - 3_600_000, follows: false };
    const pivot = NOW - 3 * 3_600_000;
    const nearer = zoomed(view, 0.5, NOW, pivot);
    expect((pivot - nearer.from) / length(nearer)).toBeCloseTo((pivot - view.from) / length(view), 9);
  });

  it("keeps now in sight when a view that follows is zoomed", () => {
    expect(zoomed(latest(SPANS["4h"], NOW), 0.25, NOW)).toEqual(latest(SPANS["1h"], NOW));
  });

  it("is never too short to read nor longer than there is", () => {
    expect(length(zoomed(latest(SPANS["1h"], NOW), 1e-6, NOW))).toBeCloseTo(SHORTEST);
    expect(length(zoomed(latest(SPANS["180d"], NOW), 1e6, NOW))).toBeCloseTo(LONGEST);
  });

  it("is drawn from right to left as well as from left to right", () => {
    expect(between(NOW - 1_000_000, NOW - 9_000_000, NOW)).toEqual(between(NOW - 9_000_000, NOW - 1_000_000, NOW));
  });

  it("knows its own name", () => {
    expect(nameOf(latest(SPANS["7d"], NOW))).toBe("7d");
    expect(nameOf(between(NOW - 5_000_000, NOW - 1_000_000, NOW))).toBeNull();
  });
});

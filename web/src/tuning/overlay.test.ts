// Overlays: an edit sets a leaf or takes it away, and what is tried is what will be saved.

import { expect, test } from "vitest";
import { BELOW, edited, keyOf, leavesOf, limitsOver, NO_EDITS, NO_LIMITS, withOne, type Edits } from "./overlay";
import type { Overlay, Plan } from "./shapes";

const BELOW_IT = {
  limits: { spo2: { ...NO_LIMITS, alert_low: 88, warn_low: 91, delay_s: 60 }, heart_rate: { ...NO_LIMITS, warn_low: 45 } },
  night: { begins: 1320, ends: 360, limits: { heart_rate: { ...NO_LIMITS, warn_low: 42 } } },
  cards: { "limit.spo2": { sv: "Ring", en: "Call" } },
} as unknown as Plan;
const edits = (...each: [string[], Parameters<typeof withOne>[3]][]): Edits => new Map(each.map(([path, edit]) => [keyOf(path), edit]));

test("an edit sets one leaf and leaves the others", () => {
  const standing: Overlay = { limits: { spo2: { alert_low: 85 } } };

  const found = edited(standing, edits([["limits", "spo2", "warn_low"], 89]));

  expect(found).toEqual({ limits: { spo2: { alert_low: 85, warn_low: 89 } } });
  expect(standing).toEqual({ limits: { spo2: { alert_low: 85 } } });
});

test("taking the last leaf away leaves nothing behind", () => {
  expect(edited({ limits: { spo2: { alert_low: 85 } } }, edits([["limits", "spo2", "alert_low"], BELOW]))).toEqual({});
});

test("no limit on a side is a value and not the lack of one", () => {
  expect(edited({}, edits([["limits", "spo2", "warn_low"], null]))).toEqual({ limits: { spo2: { warn_low: null } } });
});

test("an edit that comes back to what stands is none", () => {
  const standing: Overlay = { limits: { spo2: { alert_low: 85 } } };

  const once = withOne(NO_EDITS, standing, ["limits", "spo2", "alert_low"], 84);
  const back = withOne(once, standing, ["limits", "spo2", "alert_low"], 85);

  expect([once.size, back.size]).toEqual([1, 0]);
  expect(withOne(NO_EDITS, standing, ["limits", "spo2", "warn_low"], BELOW).size).toBe(0);
});

test("limits are the overlay's where it names them, else those below", () => {
  expect(limitsOver(BELOW_IT, { limits: { spo2: { alert_low: 85 } } }, "spo2", "day")).toMatchObject({ alert_low: 85, warn_low: 91, delay_s: 60 });
});

test("the night differs from the day where somebody says so, and else follows it", () => {
  const overlay: Overlay = { limits: { heart_rate: { alert_low: 38 } } };

  expect(limitsOver(BELOW_IT, overlay, "heart_rate", "night")).toMatchObject({ warn_low: 42, alert_low: 38 });
  expect(limitsOver(BELOW_IT, { night: null }, "heart_rate", "night")).toMatchObject({ warn_low: 45 });
});

test("leaves are as deep as layers are folded: a card is one, dots in its name or not", () => {
  const overlay: Overlay = { cards: { "limit.spo2": { sv: "a", en: "b" } }, night: { ends: 300, limits: { spo2: { warn_low: 90 } } }, slopes: [] };

  expect(leavesOf(overlay).map(([path]) => keyOf(path))).toEqual(["cards/limit.spo2", "night/ends", "night/limits/spo2/warn_low", "slopes"]);
});

import { expect, test } from "vitest";
import type { Part, Score } from "../api/types";
import { CATALOGUES, type Key } from "../i18n/catalogues";
import { beneath, range, whole } from "./score";

const t = (key: Key, places: Readonly<Record<string, string | number>> = {}): string =>
  CATALOGUES.sv[key].replace(/\{(\w+)\}/g, (_, name: string) => String(places[name]));
const PARTS: readonly Part[] = ["resp_rate", "spo2", "oxygen", "systolic", "heart_rate", "consciousness", "temperature"];
const score = (changes: Partial<Score>): Score => ({
  system: "NEWS2", scored_at: "2026-11-21T10:00:00Z", min: 2, max: 2, risk: "low", spo2_scale: 1, parts: {}, missing: [], stale: [], settles: null, single_three: false, ...changes,
});

test.each(PARTS)("test_h14_a_score_without_%s_is_an_interval_that_names_it", (part) => {
  const partial = score({ min: 2, max: 5, risk: "medium", missing: [part], settles: part });
  expect(range(partial)).toBe("2–5");
  expect(beneath(partial, t)).toContain(t(`part.${part}`));
  expect(whole(partial, t)).toContain(t("risk.medium"));
  expect(whole(partial, t)).not.toContain(t("risk.low"));
});

test("a whole score is a number and its risk", () => {
  expect([range(score({})), beneath(score({}), t)]).toEqual(["2", t("risk.low")]);
  expect(range(null)).toBe("–");
});

test("test_h15_scale_2_stands_on_the_badge", () => {
  const two = score({ spo2_scale: 2 });
  expect(beneath(two, t)).toBe(`${t("tile.scale2_brief")}, ${t("risk.low")}`);
  expect(whole(two, t)).toContain(t("tile.scale2"));
  expect(beneath(score({}), t)).not.toContain("2");
});

// The rules in sentences, with their ranges, slips and layers: what a clinician reads is what the plan says.

import { expect, test } from "vitest";
import { CATALOGUES, type Key } from "../i18n/catalogues";
import type { Language } from "../api/types";
import { BLOCKS, counted, layered } from "./blocks";
import { slips } from "./consistency";
import type { Tongue } from "./fields";
import { at, laidOver, NO_LIMITS } from "./overlay";
import { isWithin, rangeOf } from "./ranges";
import { combinationKey, slopeRow, withSlopeField } from "./rows";
import * as say from "./sentences";
import type { Overlay, Plan, Ranges, Slope, Tally } from "./shapes";

function tongue(language: Language): Tongue {
  const all = CATALOGUES[language];
  const t = (key: Key, places: Readonly<Record<string, string | number>> = {}): string => all[key].replace(/\{(\w+)\}/g, (_, name: string) => String(places[name]));
  return { language, t, maybe: (key) => (key in all ? all[key as Key] : (key.split(".").pop() ?? key).replaceAll("_", " ")) };
}
const [SV, EN] = [tongue("sv"), tongue("en")];
const SLOPE: Slope = { kind: "spo2", per_hour: -0.5, over_s: 21_600, priority: 2 };
const PLAN = {
  goals: "full",
  limits: { spo2: { ...NO_LIMITS, warn_low: 91 } },
  night: { begins: 1320, ends: 360, limits: {} },
  expected: { spo2: 60, weight: 86_400 },
  news2_medium: 5, news2_high: 7, news2_rise: 3, news2_rise_s: 21_600,
  slopes: [SLOPE],
  deviations: [{ kind: "heart_rate", side: "high", sds: 4, hold_s: 7200, priority: 2 }],
  gain: { kg: 2, within_s: 259_200, priority: 2 },
  support: null, second_signal: null,
  remeasure: { routine_s: 43_200, low_s: 21_600, single_s: 3600, medium_s: 3600, high_s: 900 },
  combinations: [{ name: "infection", at_least: 2, delay_s: 300, priority: 2, terms: [{ kind: "temperature", side: "high", bound: 38.3 }, { kind: "systolic", side: "low", bound: 100 }] }],
  rhythm: { af: true, pause_s: 3, ventricular_run: null },
  cards: {},
} as unknown as Plan;
const RANGES = {
  ranges: { "gain.kg": { low: 0.2, high: 20, unit: "kg" }, "slopes.*.over_s": { low: 900, high: 604_800, unit: "s" }, "expected.*": { low: 1, high: 604_800, unit: "s" }, news2_high: { low: 1, high: 20, unit: "" } },
  kinds: { spo2: { value: { low: 30, high: 100, unit: "%" }, per_hour: { low: 0.001, high: 70, unit: "%" } }, temperature: { value: { low: 25, high: 45, unit: "Cel" }, per_hour: { low: 0.001, high: 20, unit: "Cel" } } },
} as unknown as Ranges;

test.each([
  [say.gain(PLAN, SV), ["Medellarm när vikten stigit minst 2 kg på 3 dygn."]],
  [say.gain(PLAN, EN), ["Medium alarm when the weight has risen 2 kg or more in 3 days."]],
  [say.slopes(PLAN, SV), ["Medellarm när syremättnaden säkert sjunker fortare än 0,5 % i timmen, sett över 6 h."]],
  [say.deviations(PLAN, SV), ["Medellarm när hjärtfrekvensen legat mer än 4 standardavvikelser över patientens eget vanliga i 2 h."]],
  [say.combinations(PLAN, SV), ["Infektion: Medellarm när allt gäller samtidigt i 5 min: temperaturen minst 38,3 °C, det systoliska blodtrycket högst 100 mmHg."]],
  [say.rhythm(PLAN, EN), ["Suspected atrial fibrillation rings.", "Pauses of the heart ring from 3 s.", "Broad beats in a row do not ring."]],
  [say.support(PLAN, SV), ["Larmar inte."]],
  [say.night(PLAN, SV), ["Från 22:00 till 06:00 gäller nattens gränser."]],
  [say.limits("spo2", { ...NO_LIMITS, floor: 80, alert_low: 88, warn_low: 91, delay_s: 60 }, SV), ["Högt larm genast under 80 %.", "Högt larm under 88 % i 1 min.", "Medellarm under 91 % i 1 min."]],
  [say.limits("heart_rate", { ...NO_LIMITS, alert_low: 40, alert_high: 130 }, EN), ["High alarm below 40 /min or above 130 /min."]],
])("a rule is said in a sentence: %s", (said, expected) => {
  expect(said).toEqual(expected);
});

test("the plan in the editor is the one below with what differs laid over it", () => {
  const overlay = { gain: null, slopes: [], expected: { weight: null }, rhythm: { af: false }, combinations: { infection: null, own: { terms: [], at_least: 1, delay_s: 0, priority: 3 } } } as unknown as Overlay;

  const found = laidOver(PLAN, overlay);

  expect([found.gain, found.slopes, found.expected]).toEqual([null, [], { spo2: 60 }]);
  expect(found.rhythm).toEqual({ af: false, pause_s: 3, ventricular_run: null });
  expect(found.combinations.map((each) => each.name)).toEqual(["own"]);
  expect(at(PLAN, ["combinations", "infection", "at_least"])).toBe(2);
});

test("h12: a field knows how far it may lie, of whatever it is about", () => {
  expect(rangeOf(RANGES, ["limits", "spo2", "warn_low"])).toMatchObject({ low: 30, high: 100 });
  expect(rangeOf(RANGES, ["night", "limits", "spo2", "warn_low"])).toMatchObject({ low: 30 });
  expect(rangeOf(RANGES, ["combinations", "infection", "terms", "0", "bound"], "temperature")).toMatchObject({ high: 45 });
  expect(rangeOf(RANGES, ["slopes", "3", "over_s"])).toMatchObject({ low: 900 });
  expect(rangeOf(RANGES, ["expected", "weight"])).toMatchObject({ low: 1 });
  expect([isWithin(null, 1e9), isWithin({ low: 0.2, high: 20, unit: "kg" }, 20.1)]).toEqual([true, false]);
});

test.each([
  [{}, []],
  [{ gain: { kg: 30, within_s: 259_200, priority: 2 } }, ["gain/kg"]],
  [{ slopes: [{ ...SLOPE, over_s: 60 }] }, ["slopes/0/over_s"]],
  [{ slopes: [{ ...SLOPE, per_hour: 0 }] }, ["slopes/0/per_hour"]],
  [{ news2_medium: 8 }, ["news2_high"]],
  [{ night: { begins: 360, ends: 360 } }, ["night/ends"]],
  [{ remeasure: { routine_s: 43_200, low_s: 21_600, single_s: 3600, medium_s: 3600, high_s: 7200 } }, ["remeasure"]],
  [{ expected: { spo2: null, weight: null } }, ["expected"]],
  [{ combinations: { infection: { terms: [{ kind: "spo2", side: "low", bound: 20 }], at_least: 2, delay_s: 0, priority: 2 } } }, ["combinations/infection/terms/0/bound", "combinations/infection/at_least"]],
  [{ combinations: { infection: { terms: [{ kind: "spo2", side: "low", bound: 90 }, { kind: "spo2", side: "low", bound: 91 }], at_least: 1, delay_s: 0, priority: 2 } } }, ["combinations/infection"]],
  [{ combinations: { infection: { terms: [], at_least: 1, delay_s: 0, priority: 2 } } }, ["combinations/infection"]],
])("h12: a slip is found while it is typed: %j", (overlay, fields) => {
  expect(slips(laidOver(PLAN, overlay as unknown as Overlay), RANGES).map((each) => each.field)).toEqual(fields);
});

test("a layer that says the same as the one below says nothing", () => {
  expect(layered([{ layer: "template", said: ["a"] }, { layer: "team", said: ["a"] }, { layer: "patient", said: ["b"] }]).map((each) => each.layer)).toEqual(["template", "patient"]);
});

test("a block counts the alarms of its own rules and of no others", () => {
  const tally = { by_rule: [{ rule: "slope.spo2.fall.6h", alerts: 2 }, { rule: "news2.total", alerts: 3 }, { rule: "sloped", alerts: 9 }] } as unknown as Tally;

  expect([counted(tally, BLOCKS.slopes.rules), counted(tally, BLOCKS.news2.rules), counted(tally, BLOCKS.gain.rules)]).toEqual([2, 3, 0]);
});

test("a slope keeps its way in its sign, and is typed as a way and a number", () => {
  expect(slopeRow(SLOPE)).toMatchObject({ per_hour: 0.5, side: "low" });
  expect(withSlopeField(SLOPE, "per_hour", 2).per_hour).toBe(-2);
  expect(withSlopeField(SLOPE, "side", "high").per_hour).toBe(0.5);
});

test("a combination's name is kept in letters that a rule may have", () => {
  expect([combinationKey(" Uttorkning på natten "), combinationKey("é!"), combinationKey("…")]).toEqual(["uttorkning_pa_natten", "e", ""]);
});

// The rules of a plan as the editor shows them, block by block: where each stands in the plan, what it says, and by which
// names its alarms are counted. Pure. A table: a rule without a row here cannot be edited.

import type { Key } from "../i18n/catalogues";
import type { Tongue } from "./fields";
import type { Path } from "./overlay";
import * as say from "./sentences";
import type { Overlay, Plan, Tally } from "./shapes";

export interface Block {
  readonly name: Key;
  /** Its leaves, in a plan or in what is laid over it. */
  readonly paths: (plan: Plan, overlay: Overlay) => readonly Path[];
  readonly say: (plan: Plan, tongue: Tongue) => say.Said;
  /** The families of alarm rules that it makes ring; none where it rings by itself never. */
  readonly rules: readonly string[];
}

const leaf = (name: string): Block["paths"] => () => [[name]];
const RHYTHM = ["af", "pause_s", "ventricular_run"] as const;
const SCORES = ["news2_medium", "news2_high", "news2_rise", "news2_rise_s"] as const;
const names = (...from: readonly (object | null | undefined)[]): readonly string[] => [...new Set(from.flatMap((each) => Object.keys(each ?? {})))];

export const BLOCKS = {
  news2: { name: "block.news2", paths: () => SCORES.map((name) => [name]), say: say.news2, rules: ["news2"] },
  slopes: { name: "block.slopes", paths: leaf("slopes"), say: say.slopes, rules: ["slope"] },
  deviations: { name: "block.deviations", paths: leaf("deviations"), say: say.deviations, rules: ["deviation"] },
  combinations: {
    name: "block.combinations",
    paths: (plan, overlay) => [...new Set([...plan.combinations.map((each) => each.name), ...names(overlay.combinations)])].map((name) => ["combinations", name]),
    say: say.combinations,
    rules: ["combination"],
  },
  gain: { name: "block.gain", paths: leaf("gain"), say: say.gain, rules: ["weight"] },
  support: { name: "block.support", paths: leaf("support"), say: say.support, rules: ["support"] },
  rhythm: { name: "block.rhythm", paths: () => RHYTHM.map((name) => ["rhythm", name]), say: say.rhythm, rules: ["rhythm"] },
  expected: { name: "block.expected", paths: (plan, overlay) => names(plan.expected, overlay.expected).map((kind) => ["expected", kind]), say: say.expected, rules: ["nodata"] },
  second_signal: { name: "block.second_signal", paths: leaf("second_signal"), say: say.secondSignal, rules: ["second"] },
  remeasure: { name: "block.remeasure", paths: leaf("remeasure"), say: say.remeasure, rules: [] },
  night: { name: "block.night", paths: (_, overlay) => (overlay.night === null ? [["night"]] : [["night", "begins"], ["night", "ends"]]), say: say.night, rules: [] },
} as const satisfies Readonly<Record<string, Block>>;

export type BlockName = keyof typeof BLOCKS;

/** Counts the alarms of some families of rules. */
export const counted = (tally: Tally, families: readonly string[]): number =>
  tally.by_rule.filter((each) => families.some((family) => each.rule === family || each.rule.startsWith(`${family}.`))).reduce((sum, each) => sum + each.alerts, 0);

export interface LayerSaid {
  readonly layer: "template" | "team" | "patient";
  readonly said: say.Said;
}

const alikeSaid = (one: say.Said, other: say.Said): boolean => one.join("\n") === other.join("\n");

/** Returns what each layer says of a block, from the template on; a layer that says the same as the one below says nothing. */
export function layered(layers: readonly LayerSaid[]): readonly LayerSaid[] {
  return layers.filter((each, place) => place === 0 || !alikeSaid(each.said, layers[place - 1]?.said ?? []));
}

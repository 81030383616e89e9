// The fields of each rule: what each is called, in which unit it is typed and by which step it moves. Pure. How far each
// may lie is the server's to say (`ranges.ts`).

import { unitOf } from "../clinical/kinds";
import type { Kind, Language } from "../api/types";
import type { Key } from "../i18n/catalogues";

export interface NumberSpec {
  readonly name: string;
  readonly label: Key;
  /** A word of the page, or a unit that is the same in every language. */
  readonly unit: Key | { readonly plain: string };
  /** How many of what the plan keeps are one of what is typed: 3600 where seconds are typed as hours. */
  readonly per: number;
  readonly step: number;
  readonly empty?: "may" | "never";
  /** What the label speaks of, where it has a place for it. */
  readonly about?: Kind;
}

export interface ChoiceSpec {
  readonly name: string;
  readonly label: Key;
  readonly choices: readonly { readonly value: string | number; readonly text: Key }[];
}

export type Spec = NumberSpec | ChoiceSpec;
export const isChoice = (spec: Spec): spec is ChoiceSpec => "choices" in spec;

const plain = (unit: string): { readonly plain: string } => ({ plain: unit });
const seconds = (name: string, label: Key): NumberSpec => ({ name, label, unit: "form.s", per: 1, step: 15 });
const minutes = (name: string, label: Key): NumberSpec => ({ name, label, unit: "form.min", per: 60, step: 1 });
const hours = (name: string, label: Key): NumberSpec => ({ name, label, unit: "form.h", per: 3600, step: 1 });
const days = (name: string, label: Key): NumberSpec => ({ name, label, unit: "form.days", per: 86_400, step: 1 });
const points = (name: string, label: Key): NumberSpec => ({ name, label, unit: "rest.points", per: 1, step: 1 });

export const PRIORITY: ChoiceSpec = {
  name: "priority",
  label: "form.priority",
  choices: [{ value: 3, text: "form.priority.3" }, { value: 2, text: "form.priority.2" }, { value: 1, text: "form.priority.1" }],
};
const side = (low: Key, high: Key): ChoiceSpec => ({ name: "side", label: "form.side", choices: [{ value: "low", text: low }, { value: "high", text: high }] });

export const NEWS2: readonly Spec[] = [points("news2_medium", "field.news2_medium"), points("news2_high", "field.news2_high"), points("news2_rise", "field.news2_rise"), hours("news2_rise_s", "field.news2_rise_s")];
export const GAIN: readonly Spec[] = [{ name: "kg", label: "form.kg", unit: plain("kg"), per: 1, step: 0.1 }, days("within_s", "form.within_s"), PRIORITY];
export const SUPPORT: readonly Spec[] = [
  { name: "spo2_fall", label: "form.spo2_fall", unit: plain("%"), per: 1, step: 0.5 },
  { name: "flow_rise", label: "form.flow_rise", unit: plain("l/min"), per: 1, step: 0.5 },
  hours("within_s", "form.within_s"),
  PRIORITY,
];
export const SECOND: readonly Spec[] = [
  seconds("wait_s", "form.wait_s"),
  { name: "quality_below", label: "form.quality_below", unit: plain(""), per: 1, step: 0.05 },
  { name: "heart_rate_within", label: "form.heart_rate_within", unit: plain("/min"), per: 1, step: 1 },
  { name: "resp_rate_within", label: "form.resp_rate_within", unit: plain("/min"), per: 1, step: 1 },
];
export const REMEASURE: readonly Spec[] = [hours("routine_s", "form.routine_s"), hours("low_s", "form.low_s"), hours("single_s", "form.single_s"), hours("medium_s", "form.medium_s"), minutes("high_s", "form.high_s")];
export const RHYTHM: readonly Spec[] = [
  { name: "pause_s", label: "field.pause_s", unit: "form.s", per: 1, step: 0.5, empty: "may" },
  { name: "ventricular_run", label: "field.ventricular_run", unit: "form.in_a_row", per: 1, step: 1, empty: "may" },
];
const DAY_S = 86_400;

export function slope(kind: Kind, language: Language): readonly Spec[] {
  return [{ name: "per_hour", label: "form.per_hour", unit: plain(unitOf(kind, language)), per: 1, step: 0.1 }, hours("over_s", "form.over_s"), PRIORITY];
}
export const WAY = side("form.side.fall", "form.side.rise");
export const DEVIATION: readonly Spec[] = [
  side("form.side.low", "form.side.high"),
  { name: "sds", label: "form.sds", unit: "form.sds_unit", per: 1, step: 0.5 },
  hours("hold_s", "form.hold_s"),
  PRIORITY,
];
export const COMBINATION: readonly Spec[] = [{ name: "at_least", label: "form.at_least", unit: plain(""), per: 1, step: 1 }, minutes("delay_s", "form.delay_s"), PRIORITY];
export const TERM_SIDE = side("form.bound_low", "form.bound_high");

/** Returns the field of an expected signal, in the unit in which its usual time is a plain number. */
export function expected(kind: Kind, usual_s: number): NumberSpec {
  const make = usual_s >= DAY_S ? days : usual_s >= 7200 ? hours : usual_s >= 120 ? minutes : seconds;
  return { ...make(kind, "field.expected"), empty: "may", about: kind };
}

/** The kinds whose course over time can be watched: a number that a body has, not a setting or a count. */
export const WATCHED: readonly Kind[] = ["heart_rate", "resp_rate", "spo2", "temperature", "systolic", "diastolic", "weight", "glucose", "peak_flow", "pain"];

// What each rule of a plan says, in a sentence that can be read aloud. Pure: the words come in from outside.

import { number, unitOf } from "../clinical/kinds";
import type { Kind } from "../api/types";
import type { Key } from "../i18n/catalogues";
import { decimal, fieldValue, lasting, ofDay, type Tongue } from "./fields";
import type { Combination, Deviation, Json, Limits, Plan, Slope, Term } from "./shapes";

export type Said = readonly string[];

const level = (priority: number | undefined, { t }: Tongue): string => t(`say.level.${String(priority ?? 2) as "1" | "2" | "3"}`);
const about = (kind: Kind, { t }: Tongue): string => t(`say.kind.${kind}`);
const valued = (kind: Kind, value: number, { language }: Tongue): string => `${number(kind, value, language)} ${unitOf(kind, language)}`.trim();
/** Of a change the decimals are as many as are given: half a percent an hour is none of its kind's whole ones. */
const changed = (kind: Kind, value: number, { language }: Tongue): string => `${decimal(value, language)} ${unitOf(kind, language)}`.trim();
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Says when a kind's limits ring: the urgent first, each side with its number. */
export function limits(kind: Kind, of: Limits, tongue: Tongue): Said {
  const { t } = tongue;
  const wait = `${of.delay_s > 0 ? t("say.wait", { time: lasting(of.delay_s, tongue) }) : ""}${of.median_s > 0 ? t("say.median", { time: lasting(of.median_s, tongue) }) : ""}${of.n > 1 ? t("say.counted", { k: of.k, n: of.n }) : ""}`;
  const rows: readonly (readonly [Key, number | null, number | null])[] = [
    ["say.limit_hard", of.floor, of.ceiling],
    ["say.limit_high", of.alert_low, of.alert_high],
    ["say.limit_warn", of.warn_low, of.warn_high],
  ];
  const said = rows.flatMap(([key, low, high]) => {
    const sides = [
      ...(low === null ? [] : [`${t("say.below")} ${valued(kind, low, tongue)}`]),
      ...(high === null ? [] : [`${t("say.above")} ${valued(kind, high, tongue)}`]),
    ];
    // The word for the side stands within each: a limit on both sides is one sentence.
    return sides.length === 0 ? [] : [t(key, { side: sides.join(` ${t("say.or")} `), wait })];
  });
  return said.length === 0 ? [t("say.limit_none")] : said;
}

export const news2 = (plan: Plan, tongue: Tongue): Said => [
  tongue.t("say.score", { medium: plan.news2_medium, high: plan.news2_high }),
  plan.news2_rise > 0 ? tongue.t("say.rise", { n: plan.news2_rise, time: lasting(plan.news2_rise_s, tongue) }) : tongue.t("say.no_rise"),
];

export const slope = (each: Slope, tongue: Tongue): string =>
  tongue.t(each.per_hour > 0 ? "say.slope_rise" : "say.slope_fall", {
    level: level(each.priority, tongue), kind: about(each.kind, tongue), n: changed(each.kind, Math.abs(each.per_hour), tongue), time: lasting(each.over_s, tongue),
  });

export const deviation = (each: Deviation, tongue: Tongue): string =>
  tongue.t(each.side === "high" ? "say.deviation_high" : "say.deviation_low", {
    level: level(each.priority, tongue), kind: about(each.kind, tongue), n: decimal(each.sds, tongue.language), time: lasting(each.hold_s, tongue),
  });

export const slopes = (plan: Plan, tongue: Tongue): Said => (plan.slopes.length === 0 ? [tongue.t("say.nothing")] : plan.slopes.map((each) => slope(each, tongue)));
export const deviations = (plan: Plan, tongue: Tongue): Said =>
  plan.deviations.length === 0 ? [tongue.t("say.nothing")] : plan.deviations.map((each) => deviation(each, tongue));

export const gain = ({ gain: asked }: Plan, tongue: Tongue): Said =>
  asked
    ? [tongue.t("say.gain", { level: level(asked.priority, tongue), kg: decimal(asked.kg, tongue.language), time: lasting(asked.within_s, tongue) })]
    : [tongue.t("say.nothing")];

export const support = ({ support: asked }: Plan, tongue: Tongue): Said =>
  asked
    ? [tongue.t("say.support", { level: level(asked.priority, tongue), fall: decimal(asked.spo2_fall, tongue.language), rise: decimal(asked.flow_rise, tongue.language), time: lasting(asked.within_s, tongue) })]
    : [tongue.t("say.nothing")];

export const secondSignal = ({ second_signal: asked }: Plan, tongue: Tongue): Said =>
  asked
    ? [tongue.t("say.second", { time: lasting(asked.wait_s, tongue), quality: decimal(asked.quality_below * 100, tongue.language), pulse: decimal(asked.heart_rate_within, tongue.language), breaths: decimal(asked.resp_rate_within, tongue.language) })]
    : [tongue.t("say.no_second")];

export const remeasure = ({ remeasure: asked }: Plan, tongue: Tongue): Said =>
  asked
    ? [tongue.t("say.remeasure", { routine: lasting(asked.routine_s, tongue), low: lasting(asked.low_s, tongue), single: lasting(asked.single_s, tongue), medium: lasting(asked.medium_s, tongue), high: lasting(asked.high_s, tongue) })]
    : [tongue.t("say.no_remeasure")];

const term = (each: Term, tongue: Tongue): string =>
  tongue.t(each.side === "high" ? "say.term_high" : "say.term_low", { kind: about(each.kind, tongue), n: valued(each.kind, each.bound, tongue) });

export function combination(each: Combination, tongue: Tongue): string {
  const all = each.terms.length;
  const key = each.at_least >= all ? "say.combination_all" : each.at_least === 1 ? "say.combination_one" : "say.combination";
  const wait = (each.delay_s ?? 0) > 0 ? tongue.t("say.wait", { time: lasting(each.delay_s ?? 0, tongue) }) : "";
  return tongue.t(key, { level: level(each.priority, tongue), least: each.at_least, all, wait, terms: each.terms.map((one) => term(one, tongue)).join(", ") });
}

export const combinationName = (name: string, { maybe }: Tongue): string => capital(maybe(`rule.combination.${name}`));
export const combinations = (plan: Plan, tongue: Tongue): Said =>
  plan.combinations.length === 0
    ? [tongue.t("say.nothing")]
    : plan.combinations.map((each) => tongue.t("say.combination_of", { name: combinationName(each.name, tongue), said: combination(each, tongue) }));

export function rhythm({ rhythm: asked }: Plan, { t, language }: Tongue): Said {
  const { af = true, pause_s = null, ventricular_run = null } = asked ?? {};
  return [
    t(af ? "say.af" : "say.no_af"),
    pause_s === null ? t("say.no_pause") : t("say.pause", { n: decimal(pause_s, language) }),
    ventricular_run === null ? t("say.no_run") : t("say.run", { n: ventricular_run }),
  ];
}

export function expected(plan: Plan, tongue: Tongue): Said {
  const said = Object.entries(plan.expected).map(([kind, every_s]) => tongue.t("say.expected", { kind: tongue.t(`kind.${kind as Kind}`), time: lasting(every_s, tongue) }));
  return said.length === 0 ? [tongue.t("say.none_expected")] : said;
}

export const night = ({ night: asked }: Plan, { t }: Tongue): Said =>
  asked ? [t("say.night", { begins: ofDay(asked.begins), ends: ofDay(asked.ends) })] : [t("say.no_night")];

const WHOLE: Readonly<Record<string, (plan: Plan, tongue: Tongue) => Said>> = { slopes, deviations, gain, support, second_signal: secondSignal, remeasure };

/** Writes a field's value: of a rule the sentences that it says, of anything else the value. */
export function valueSaid(path: string, value: Json | undefined, tongue: Tongue): Said {
  const whole = WHOLE[path];
  if (whole && value !== undefined) return whole({ [path]: value } as unknown as Plan, tongue);
  if (path.startsWith("combinations.") && typeof value === "object" && value !== null) return [combination(value as unknown as Combination, tongue)];
  return [fieldValue(path, value, tongue)];
}

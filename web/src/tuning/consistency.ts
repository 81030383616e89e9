// What is wrong with the rules that are being typed, each by itself and with each other, said at once. Pure. The server
// says it again before anything is saved; what it says counts. Limits: `checks.ts`.

import type { Key } from "../i18n/catalogues";
import { keyOf, type Path } from "./overlay";
import { isWithin, rangeOf } from "./ranges";
import type { Combination, Json, Plan, Ranges } from "./shapes";

export interface Slip {
  /** By path, its parts joined by a slash, as the editor's fields are called. */
  readonly field: string;
  readonly key: Key;
  readonly places?: Readonly<Record<string, number | string>>;
}

type Row = Readonly<Record<string, Json>>;

/** Returns every slip in a plan's rules. */
export function slips(plan: Plan, ranges: Ranges): readonly Slip[] {
  return [...outside(plan, ranges), ...scores(plan), ...night(plan), ...remeasured(plan), ...plan.combinations.flatMap(combined), ...silent(plan)];
}

function outside(plan: Plan, ranges: Ranges): Slip[] {
  const found: Slip[] = [];
  const look = (path: Path, value: Json | undefined, about: string | null = null): void => {
    const range = typeof value === "number" ? rangeOf(ranges, path, about as never) : null;
    if (range && !isWithin(range, Math.abs(Number(value)))) found.push({ field: keyOf(path), key: "wrong.range" });
  };
  const row = (path: Path, each: object | null | undefined, about: string | null = null): void => {
    for (const [name, value] of Object.entries((each ?? {}) as Row)) look([...path, name], value, about);
  };
  for (const name of ["news2_medium", "news2_high", "news2_rise", "news2_rise_s"] as const) look([name], plan[name]);
  for (const name of ["gain", "support", "second_signal", "remeasure", "rhythm"] as const) row([name], plan[name]);
  plan.slopes.forEach((each, place) => { row(["slopes", String(place)], each, each.kind); });
  plan.deviations.forEach((each, place) => { row(["deviations", String(place)], each, each.kind); });
  row(["expected"], plan.expected);
  for (const each of plan.combinations) {
    look(["combinations", each.name, "delay_s"], each.delay_s ?? 0);
    each.terms.forEach((term, place) => { look(["combinations", each.name, "terms", String(place), "bound"], term.bound, term.kind); });
  }
  return found;
}

const scores = (plan: Plan): Slip[] =>
  plan.news2_high < plan.news2_medium ? [{ field: "news2_high", key: "wrong.news2", places: { n: plan.news2_medium } }] : [];

const night = (plan: Plan): Slip[] => (plan.night && plan.night.begins === plan.night.ends ? [{ field: "night/ends", key: "wrong.night" }] : []);

function remeasured(plan: Plan): Slip[] {
  const often = plan.remeasure;
  if (!often) return [];
  const order = [often.high_s, often.medium_s, often.low_s, often.routine_s];
  const rising = order.every((each, place) => place === 0 || each >= Number(order[place - 1]));
  const single = often.high_s <= often.single_s && often.single_s <= often.low_s;
  return rising && single ? [] : [{ field: "remeasure", key: "wrong.remeasure" }];
}

function combined(each: Combination): Slip[] {
  const field = `combinations/${each.name}`;
  if (each.terms.length === 0) return [{ field, key: "wrong.no_terms" }];
  const twice = new Set(each.terms.map((term) => `${term.kind} ${term.side}`)).size < each.terms.length;
  const all = each.terms.length;
  return [
    ...(each.at_least < 1 || each.at_least > all ? [{ field: `${field}/at_least`, key: "wrong.at_least" as const, places: { n: all } }] : []),
    ...(twice ? [{ field, key: "wrong.twice" as const }] : []),
  ];
}

const silent = (plan: Plan): Slip[] => (plan.goals !== "comfort" && Object.keys(plan.expected).length === 0 ? [{ field: "expected", key: "wrong.expected" }] : []);

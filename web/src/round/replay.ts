// The board as it was at an instant of a replay. Pure. A value is known from the minute in which it came, and is as old
// as it was then; what came later is not there yet.

import type { Kind, Priority } from "../api/types";
import type { NightAlert, NightColumn, NightStay } from "./api";

export interface Known {
  readonly value: number;
  readonly ageS: number;
  readonly state: "fresh" | "ageing" | "stale";
}

export interface Shown {
  readonly stay: NightStay;
  readonly team: string;
  readonly vitals: Partial<Readonly<Record<Kind, Known>>>;
  readonly score: { readonly min: number; readonly max: number; readonly risk: string } | null;
  readonly alerts: readonly ShownAlert[];
}

export interface ShownAlert {
  readonly id: number;
  readonly rule: string;
  readonly family: NightAlert["family"];
  readonly priority: Priority;
  readonly open: boolean;
  readonly cleared: boolean;
  readonly who: string | null;
  readonly sinceS: number;
  readonly text_sv: string;
  readonly text_en: string;
}

/** Returns the place of the last number that is no greater than `limit`, -1 where there is none. */
export function last(sorted: readonly number[], limit: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? Infinity) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export function known(column: NightColumn | undefined, minute: number): Known | null {
  if (!column) return null;
  const place = last(column.minute, minute);
  const [value, measured] = [column.value[place], column.measured_s[place]];
  if (value === undefined || measured === undefined) return null;
  const ageS = Math.max(0, minute * 60 - measured);
  const stale = !(column.usable[place] ?? false) || ageS >= column.stale_s;
  return { value, ageS, state: stale ? "stale" : ageS >= column.ageing_s ? "ageing" : "fresh" };
}

export function alertAt(alert: NightAlert, at: number): ShownAlert | null {
  const moment = alert.moments.filter((each) => Date.parse(each.at) <= at).at(-1);
  const first = alert.moments[0];
  if (!moment || !first || moment.state === "resolved") return null;
  return {
    id: alert.alert_id,
    rule: alert.rule,
    family: alert.family,
    priority: moment.priority,
    open: moment.state === "open",
    cleared: moment.condition === "cleared",
    who: moment.held_by ?? moment.seen_by,
    sinceS: (at - Date.parse(first.at)) / 1000,
    text_sv: moment.text_sv,
    text_en: moment.text_en,
  };
}

const WEIGHT: Readonly<Record<Priority, number>> = { high: 0, medium: 1, low: 2 };
const weigh = (alert: ShownAlert): number => (alert.open ? 0 : 10) + (alert.family === "technical" ? 5 : 0) + WEIGHT[alert.priority];

function stayAt(stay: NightStay, from: number, minute: number): Shown {
  const at = from + minute * 60_000;
  const vitals: Partial<Record<Kind, Known>> = {};
  for (const [kind, column] of Object.entries(stay.vitals)) {
    const found = known(column, minute);
    if (found) vitals[kind as Kind] = found;
  }
  const place = last(stay.scores.minute, minute);
  const [min, max, risk] = [stay.scores.min[place], stay.scores.max[place], stay.scores.risk[place]];
  return {
    stay,
    team: stay.teams.filter((each) => Date.parse(each.from) <= at).at(-1)?.name ?? "",
    vitals,
    score: min === undefined || max === undefined || risk === undefined ? null : { min, max, risk },
    alerts: stay.alerts.flatMap((alert) => alertAt(alert, at) ?? []).sort((a, b) => weigh(a) - weigh(b) || a.id - b.id),
  };
}

/** Returns every row as it was `minute` minutes after `from`, in the order of the board then. */
export function boardAt(stays: readonly NightStay[], from: number, minute: number): readonly Shown[] {
  const first = (shown: Shown): number => Math.min(99, ...shown.alerts.map(weigh));
  return stays
    .map((stay) => stayAt(stay, from, minute))
    .sort(
      (a, b) =>
        first(a) - first(b) ||
        (b.score?.max ?? -1) - (a.score?.max ?? -1) ||
        a.stay.family_name.localeCompare(b.stay.family_name, "sv"),
    );
}

export interface Tick {
  readonly minute: number;
  readonly level: Priority | "technical";
}

/** Returns when alerts were raised, for the marks along the slider. */
export function raised(stays: readonly NightStay[], from: number, minutes: number): readonly Tick[] {
  return stays
    .flatMap((stay) => stay.alerts)
    .flatMap((alert) => {
      const first = alert.moments[0];
      if (!first) return [];
      const minute = (Date.parse(first.at) - from) / 60_000;
      return minute < 0 || minute > minutes ? [] : [{ minute, level: alert.family === "technical" ? "technical" : first.priority } as const];
    })
    .sort((a, b) => a.minute - b.minute);
}

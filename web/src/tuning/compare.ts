// What a report says of two plans, made ready to be shown beside each other. Pure.

import type { Level } from "../alerts/look";
import type { Kind } from "../api/types";
import type { Listed, Report, Tally } from "./shapes";

const LEVELS: Readonly<Record<number, Level>> = { 1: "low", 2: "medium", 3: "high" };
export const levelOf = (priority: number): Level => LEVELS[priority] ?? "low";

export const isOf = (kind: Kind, rule: string): boolean => rule === `limit.${kind}` || rule.startsWith(`limit.${kind}.`);

/** Counts the alerts of a kind's limits. */
export const ofKind = (tally: Tally, kind: Kind): number =>
  tally.by_rule.filter((each) => isOf(kind, each.rule)).reduce((sum, each) => sum + each.alerts, 0);

export interface Tick {
  readonly fromMs: number;
  readonly toMs: number;
  readonly level: Level;
}

/** Returns one patient's alerts of a kind as ticks; one that had not ended goes on to the end of the period. */
export function ticks(episodes: readonly Listed[] | undefined, patientId: number, kind: Kind, untilMs: number): readonly Tick[] {
  return (episodes ?? [])
    .filter((each) => each.patient_id === patientId && isOf(kind, each.rule))
    .map((each) => ({
      fromMs: Date.parse(each.opened_at),
      toMs: each.ended_at === null ? untilMs : Date.parse(each.ended_at),
      level: levelOf(each.priority),
    }));
}

export interface Shift {
  readonly rule: string;
  readonly force: number;
  readonly draft: number;
}

/** Returns the rules of which the two plans would have raised another number of alarms, the greatest difference first. */
export function byRule(report: Report): readonly Shift[] {
  const of = (tally: Tally): Map<string, number> => new Map(tally.by_rule.map((each) => [each.rule, each.alerts]));
  const [force, draft] = [of(report.in_force), of(report.candidate)];
  return [...new Set([...force.keys(), ...draft.keys()])]
    .map((rule) => ({ rule, force: force.get(rule) ?? 0, draft: draft.get(rule) ?? 0 }))
    .filter((each) => each.force !== each.draft)
    .sort((a, b) => Math.abs(b.draft - b.force) - Math.abs(a.draft - a.force) || (a.rule < b.rule ? -1 : 1));
}

export interface Found {
  readonly known: number;
  readonly candidate: number;
  readonly inForce: number;
  /** Minutes from when a plan rang until the recorded alert, in the middle; positive is before. Null: found none. */
  readonly candidateLead: number | null;
  readonly inForceLead: number | null;
  /** Alerts closed as true that the plan in force finds and the draft does not. */
  readonly lost: number;
}

/** Counts the recorded deteriorations that each plan finds, and how long before. */
export function found(report: Report): Found {
  const leads = (of: "candidate_at" | "in_force_at"): number[] =>
    report.deteriorations.flatMap((each) => {
      const at = each[of];
      return at === null ? [] : [(Date.parse(each.opened_at) - Date.parse(at)) / 60_000];
    });
  const candidate = leads("candidate_at");
  const inForce = leads("in_force_at");
  return {
    known: report.deteriorations.length,
    candidate: candidate.length,
    inForce: inForce.length,
    candidateLead: median(candidate),
    inForceLead: median(inForce),
    lost: report.deteriorations.filter((each) => each.candidate_at === null && each.in_force_at !== null).length,
  };
}

export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  if (upper === undefined) return null;
  const lower = sorted[middle - 1];
  return sorted.length % 2 === 1 || lower === undefined ? upper : (lower + upper) / 2;
}

/** Says a change of a count in percent, null where there was nothing before. */
export const change = (before: number, after: number): number | null =>
  before === 0 ? null : Math.round((100 * (after - before)) / before);

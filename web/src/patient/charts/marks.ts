// What happened, as marks on the time axis: alerts in one row, medication, visits and notes in another. Pure. Marks that
// would lie on each other become one that says how many it is: each can be pressed by a thumb.

import type { Alert } from "../../api/types";
import { level, type Level } from "../../alerts/look";
import type { Entry } from "../types";
import type { View } from "./view";

export interface Mark {
  readonly at: number;
  readonly alert?: Alert;
  readonly entry?: Entry;
}

export interface Cluster {
  /** Where it is drawn: a share of the view, 0 at its left edge. */
  readonly share: number;
  readonly marks: readonly Mark[];
}

const WEIGHT: Readonly<Record<Level, number>> = { high: 0, medium: 1, low: 2, technical: 3 };
const SHOWN: ReadonlySet<Entry["kind"]> = new Set(["medication", "visit", "note", "mark", "fall", "help_button", "check_in"]);

export const ofAlerts = (alerts: readonly Alert[]): Mark[] => alerts.map((alert) => ({ at: Date.parse(alert.began_at), alert }));
export const ofEntries = (entries: readonly Entry[]): Mark[] =>
  entries.filter((entry) => SHOWN.has(entry.kind) && entry.error === null).map((entry) => ({ at: Date.parse(entry.occurred_at), entry }));

/** Returns the marks within a view, those nearer to each other than `near` (a share of it) together, in order. */
export function clusters(marks: readonly Mark[], view: View, near: number): Cluster[] {
  const length = view.to - view.from;
  const found: Mark[][] = [];
  for (const mark of [...marks].filter((each) => each.at >= view.from && each.at <= view.to).sort((a, b) => a.at - b.at)) {
    const last = found.at(-1);
    const first = last?.[0];
    if (last && first && (mark.at - first.at) / length < near) last.push(mark);
    else found.push([mark]);
  }
  return found.map((each) => ({ marks: each, share: (((each[0]?.at ?? 0) + (each.at(-1)?.at ?? 0)) / 2 - view.from) / length }));
}

/** Returns the gravest level among the alerts of a cluster; null where there is no alert. */
export function gravest(cluster: Cluster): Level | null {
  const levels = cluster.marks.flatMap((mark) => (mark.alert ? [level(mark.alert)] : []));
  return levels.sort((a, b) => WEIGHT[a] - WEIGHT[b])[0] ?? null;
}

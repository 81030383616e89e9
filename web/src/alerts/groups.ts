// How the lane is put together. Pure. What is clinical, a request, or of high priority stands by itself, always;
// technical alerts of one cause that several patients have at once stand as one line that opens.

import type { Alert } from "../api/types";
import type { Key } from "../i18n/catalogues";

export interface Group {
  readonly cause: Cause;
  readonly alerts: readonly Alert[];
}
export interface Laid {
  readonly alone: readonly Alert[];
  readonly groups: readonly Group[];
}

const CAUSES = {
  offline: "offline",
  nodata: "nodata",
  silent: "nodata",
  battery: "battery",
  clock: "clock",
  quality: "signal",
  sensor: "signal",
  check: "signal",
  held: "signal",
  second: "signal",
} as const;
export type Cause = (typeof CAUSES)[keyof typeof CAUSES] | "other";

/** So many of one cause are drawn together. */
const TOGETHER = 3;

export const CAUSE_WORD: Readonly<Record<Cause, Key>> = {
  offline: "group.offline",
  nodata: "group.nodata",
  battery: "group.battery",
  clock: "group.clock",
  signal: "group.signal",
  other: "group.other",
};

export function cause(rule: string): Cause {
  const root = rule.split(".")[0] ?? "";
  return root in CAUSES ? CAUSES[root as keyof typeof CAUSES] : "other";
}

/** Lays out alerts in their order; `by` is this person: what they have taken is never hidden in a group. */
export function laid(alerts: readonly Alert[], by: number): Laid {
  const found = new Map<Cause, Alert[]>();
  for (const alert of alerts) {
    if (!joins(alert, by)) continue;
    const key = cause(alert.rule);
    found.set(key, [...(found.get(key) ?? []), alert]);
  }
  const groups = [...found].filter(([, members]) => members.length >= TOGETHER).map(([key, members]) => ({ cause: key, alerts: members }));
  const grouped = new Set(groups.flatMap((group) => group.alerts));
  return { alone: alerts.filter((alert) => !grouped.has(alert)), groups };
}

const joins = (alert: Alert, by: number): boolean =>
  alert.family === "technical" && alert.priority !== "high" && alert.holder?.staff_id !== by && alert.offer === null;

/** Puts the alerts of one patient together, each stack in the order of its first one: they are one person's trouble. */
export function stacks(alerts: readonly Alert[]): readonly (readonly Alert[])[] {
  const found = new Map<number, Alert[]>();
  for (const alert of alerts) {
    const stack = found.get(alert.patient_id);
    if (stack) stack.push(alert);
    else found.set(alert.patient_id, [alert]);
  }
  return [...found.values()];
}

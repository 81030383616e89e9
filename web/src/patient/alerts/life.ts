// The life of an alert in lines to read: what happened, in order, and what became of every notification. Pure; the words
// come from the API where they are the alert's own.

import type { AlertHistory } from "../../api/types";

export type Told = AlertHistory["notifications"][number];
export type Happened = AlertHistory["events"][number];

export interface Stage {
  readonly what: "queued" | "sent" | "delivered" | "seen" | "failed" | "cancelled";
  readonly at: string;
}

/** Returns how far a notification came, step by step, in order; never more than the API says. That it was queued is
 * worth telling only while nothing else can be. */
export function stages(told: Told): Stage[] {
  const found: readonly [Stage["what"], string | null][] = [
    ["queued", told.queued_at],
    ["sent", told.sent_at],
    ["delivered", told.delivered_at],
    ["seen", told.seen_at],
    ["failed", told.failed_at],
    ["cancelled", told.cancelled_at],
  ];
  const come = found.flatMap(([what, at]) => (at === null ? [] : [{ what, at }])).sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  return come.length > 1 ? come.filter((each) => each.what !== "queued") : come;
}

/** Returns the notifications in rounds, as they were sent: the same step of the same ring together. */
export function rounds(all: readonly Told[]): readonly (readonly Told[])[] {
  const found = new Map<string, Told[]>();
  for (const each of [...all].sort((a, b) => a.ring - b.ring || a.step - b.step)) {
    const name = `${String(each.ring)}/${String(each.step)}`;
    found.set(name, [...(found.get(name) ?? []), each]);
  }
  return [...found.values()];
}

/** Says whether somebody has seen it, as far as is known: H4 is a page that claims it without knowing. */
export const anybodySaw = (all: readonly Told[]): boolean => all.some((each) => each.seen_at !== null);

/** Returns the people who have seen it, each once. */
export const seenBy = (all: readonly Told[]): string[] => [...new Set(all.flatMap((each) => (each.seen_at === null ? [] : [each.to.name ?? each.to.team])))];

/** Returns when the next step will be taken if nobody acts; null where none is left. Who is told then: `alerts/ahead`. */
export function due(steps: AlertHistory["steps"]): string | null {
  const [next] = steps.filter((each) => each.state === "pending").sort((a, b) => Date.parse(a.due_at) - Date.parse(b.due_at));
  return next?.due_at ?? null;
}

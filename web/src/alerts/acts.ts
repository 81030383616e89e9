// What somebody may do about an alert as it stands, and what is written about who is on it. Pure. It offers; the API
// decides. To have seen an alert is not to have taken it, and only one person can have it.

import type { Alert, Priority } from "../api/types";

export type Act = "ack" | "claim" | "accept" | "decline" | "release" | "pause" | "pass" | "escalate" | "note" | "close";

export interface Me {
  readonly staffId: number;
  readonly teamIds: readonly number[];
}

export interface Offered {
  /** The one or two that stand open, the most likely first. */
  readonly first: readonly Act[];
  readonly more: readonly Act[];
}

const mine = (alert: Alert, me: Me): boolean => alert.holder?.staff_id === me.staffId;

/** Says whether an alert waits for this person's answer: it was offered to them, or to a team of theirs. */
export function askedOf(alert: Alert, me: Me): boolean {
  if (alert.offer === null || alert.offer.by === me.staffId) return false;
  return alert.offer.staff === null ? me.teamIds.includes(alert.offer.team_id) : alert.offer.staff.staff_id === me.staffId;
}

/** Says whether an alert is this person's to see to: they have it, or are asked to take it. */
export const concerns = (alert: Alert, me: Me): boolean => mine(alert, me) || askedOf(alert, me);

export function offered(alert: Alert, me: Me): Offered {
  if (alert.state === "resolved") return { first: [], more: [] };
  const unseen = alert.signal === "ringing" || (alert.signal === "silent" && alert.holder === null);
  const free = alert.holder === null || (!mine(alert, me) && alert.signal === "ringing");
  const first: Act[] = [];
  if (askedOf(alert, me)) first.push("accept", "decline");
  else {
    if (unseen) first.push("ack");
    if (free && alert.offer === null) first.push("claim");
    if (mine(alert, me)) first.push("close");
  }
  const more: Act[] = [];
  if (alert.condition !== "cleared" && alert.signal !== "paused" && alert.signal !== "silent") more.push("pause");
  if (alert.offer === null && (alert.holder === null || mine(alert, me))) more.push("pass");
  if (mine(alert, me)) more.push("release");
  if (alert.signal !== "silent") more.push("escalate");
  more.push("note");
  if (!first.includes("close")) more.push("close");
  return { first, more };
}

/** For how many minutes an alert may be paused, at most what the API allows (`alerting/durations.py`). */
export const PAUSES: Readonly<Record<Priority, readonly number[]>> = {
  high: [5, 10, 15],
  medium: [15, 30, 60, 240],
  low: [60, 240, 480, 1440],
};

/** Returns for how many seconds this person may still take back their last act; 0 where they may not. */
export function undoS(alert: Alert, staffId: number, nowMs: number): number {
  if (alert.undo?.staff_id !== staffId) return 0;
  return Math.max(0, Math.ceil((Date.parse(alert.undo.until) - nowMs) / 1000));
}

/** Returns by whom a step is called on a screen: who is told first, and how many more are. */
export function whom(to: readonly { readonly name: string | null; readonly team: string }[]): { readonly to: string; readonly n: number } {
  const [first] = to;
  return { to: first ? (first.name ?? first.team) : "", n: Math.max(0, to.length - 1) };
}

/** Writes what is left until an instant as minutes and seconds, or hours and minutes, with its unit, which stays on its line:
 * 04:46 alone is a time of day at night. Never below nothing. */
export function left(untilMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.ceil((untilMs - nowMs) / 1000));
  const two = (n: number): string => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  if (hours > 0) return `${String(hours)}\u00a0h ${two(Math.floor((seconds % 3600) / 60))}\u00a0min`;
  const minutes = Math.floor(seconds / 60);
  return minutes > 0 ? `${String(minutes)}\u00a0min ${two(seconds % 60)}\u00a0s` : `${String(seconds)}\u00a0s`;
}

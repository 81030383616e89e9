// The order of the live stream. Pure: says for each message whether to take it, and when the stream has a hole.

import type { LiveMessage } from "../api/types";

export type Verdict = "take" | "hole";

/**
 * Judges a message by its number; `last` is the number of the newest message taken, null before any, and `stays` says
 * which the page holds. Each message names the one before it; a resumption holds only for the stays that it names.
 */
export function judge(last: number | null, message: LiveMessage, stays: () => readonly number[]): Verdict {
  if (message.type === "snapshot") return "take";
  if (message.type === "resumed") return last !== null && same(stays(), message.stays) ? "take" : "hole";
  return message.prev === last ? "take" : "hole";
}

function same(held: readonly number[], named: readonly number[]): boolean {
  const known = new Set(held);
  return known.size === named.length && named.every((stay) => known.has(stay));
}

/** Returns how long to wait before the next attempt, in ms: doubling from 0.5 s to 10 s, a quarter of it by chance. */
export function backOff(attempt: number, chance: number): number {
  return Math.min(10_000, 500 * 2 ** attempt) * (0.75 + 0.25 * chance);
}

// The order of the live stream. Pure: says for each message whether to take it, and when the stream has a hole.

import type { LiveMessage } from "../api/types";

export type Verdict = "take" | "hole" | "old";

/** Judges a message by its number; `last` is the number of the newest message taken, null before any. */
export function judge(last: number | null, message: LiveMessage): Verdict {
  if (message.type === "snapshot") return "take";
  if (message.type === "resumed") return last === message.seq ? "take" : "hole";
  if (last === null) return "hole";
  if (message.type === "heartbeat") return message.seq > last ? "hole" : "take";
  if (message.seq <= last) return "old";
  return message.seq === last + 1 ? "take" : "hole";
}

/** Returns how long to wait before the next attempt, in ms: doubling from 0.5 s to 10 s, a quarter of it by chance. */
export function backOff(attempt: number, chance: number): number {
  return Math.min(10_000, 500 * 2 ** attempt) * (0.75 + 0.25 * chance);
}

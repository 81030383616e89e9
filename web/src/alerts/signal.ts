// What the screen says about alerts outside of the lane: which sound, which title, which icon. Pure.

import type { Alert } from "../api/types";
import { level, type Level } from "./look";

const RANK: Readonly<Record<Level, number>> = { high: 3, medium: 2, low: 1, technical: 0 };

/** Returns the alerts that still ask for somebody: nobody has seen them, and their cause is there. */
export const ringing = (alerts: readonly Alert[]): Alert[] =>
  alerts.filter((alert) => alert.state === "open" && alert.condition !== "cleared");

/** Returns the level that sounds and that the icon shows: the highest one, technical last; null when all is quiet. */
export function loudest(alerts: readonly Alert[]): Level | null {
  const levels = alerts.map(level);
  return levels.length === 0 ? null : levels.reduce((a, b) => (RANK[a] >= RANK[b] ? a : b));
}

export interface Tone {
  readonly hz: number;
  readonly atS: number;
  readonly lengthS: number;
}

/** A burst of one level: its tones, and after how long it comes again. */
export interface Burst {
  readonly tones: readonly Tone[];
  readonly everyS: number;
}

// The number of pulses, their order and the repetition follow IEC 60601-1-8; the pitches are our own choice.
const tones = (hz: number, starts: readonly number[], lengthS: number): Tone[] =>
  starts.map((atS) => ({ hz, atS, lengthS }));
const FIVE = [0, 0.25, 0.5, 0.95, 1.2];
export const BURSTS: Readonly<Record<Level, Burst>> = {
  high: { tones: [...tones(880, FIVE, 0.15), ...tones(880, FIVE.map((s) => s + 2), 0.15)], everyS: 8 },
  medium: { tones: tones(660, [0, 0.35, 0.7], 0.2), everyS: 15 },
  low: { tones: tones(520, [0, 0.4], 0.2), everyS: 60 },
  technical: { tones: tones(260, [0], 0.5), everyS: 60 },
};

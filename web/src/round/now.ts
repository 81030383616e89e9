// What a patient of the round is like now, as it is written on the screen and on paper. Pure. A value that is too old is
// left out: the page of the patient has it, struck out and with its time.

import type { Language, Tile } from "../api/types";
import { freshness, usable } from "../clinical/freshness";
import { number, unitOf } from "../clinical/kinds";
import type { Case } from "./api";

const KINDS = ["heart_rate", "resp_rate", "spo2", "systolic", "temperature"] as const;

export interface Written {
  readonly kind: (typeof KINDS)[number];
  readonly text: string;
}

export function latest(tile: Tile | undefined, now: number, language: Language): readonly Written[] {
  return KINDS.flatMap((kind) => {
    const vital = tile?.vitals[kind];
    if (!vital || !usable(vital) || freshness(vital, now) === "stale") return [];
    const other = kind === "systolic" ? tile?.vitals.diastolic : undefined;
    const text = number(kind, vital.value, language) + (other ? `/${number("diastolic", other.value, language)}` : "");
    return [{ kind, text: `${text} ${unitOf(kind, language)}` }];
  });
}

export function scoreOf({ score_min: low, score_max: high }: Case): string {
  if (high === null) return "–";
  return low === high ? String(high) : `${String(low)}–${String(high)}`;
}

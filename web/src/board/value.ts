// How one value of a tile looks at a moment. Pure. A stale value is not shown as a value, a missing one never as zero.

import type { Kind, Language, Vital } from "../api/types";
import { ageS, doubtful, freshness, usable, type Freshness } from "../clinical/freshness";
import { number, shown } from "../clinical/kinds";
import { age, recent } from "../clinical/time";
import type { Key } from "../i18n/catalogues";

export interface Look {
  readonly freshness: Freshness;
  /** The value, and its unit; none where it does not count as a value any more. */
  readonly text: string | null;
  readonly unit: string;
  readonly age: string;
  /** A value that is stale, and when it was measured. */
  readonly last: { readonly text: string; readonly time: string } | null;
  /** Whether somebody should look if it is right. */
  readonly check: boolean;
}

interface At {
  readonly now: number;
  readonly language: Language;
  readonly t: (key: Key, places?: Readonly<Record<string, string | number>>) => string;
}

/** Says how a value looks; `second` is the other one of a pair, which is as old as the older of the two. */
export function look(kind: Kind, vital: Vital | undefined, second: Vital | undefined, { now, language, t }: At): Look {
  if (!vital) return { freshness: "stale", text: null, unit: "", age: t("tile.never"), last: null, check: false };
  const { unit } = shown(kind);
  const older = second && ageS(second, now) > ageS(vital, now) ? second : vital;
  const fresh = usable(older) ? freshness(older, now) : "stale";
  const other = second ? `/${number("diastolic", second.value, language)}` : kind === "systolic" ? "/–" : "";
  const text = number(kind, vital.value, language) + other;
  if (fresh === "stale") {
    const last = { text: unit === "%" ? `${text} %` : text, time: recent(older.measured_at, now, language) };
    return { freshness: fresh, text: null, unit: "", age: "", last, check: false };
  }
  const check = doubtful(vital) || (second !== undefined && doubtful(second));
  return { freshness: fresh, text, unit, age: age(ageS(older, now), t), last: null, check };
}

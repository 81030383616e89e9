// What a row says of an order of SpO2 scale 2: that it ends soon, has run out, or is no known doctor's. Pure. One that
// simply holds stands on the score's badge alone.

import type { Language, Tile } from "../api/types";
import { soon, when } from "../clinical/time";
import type { Key } from "../i18n/catalogues";

interface At {
  readonly now: number;
  readonly language: Language;
  readonly t: (key: Key, places?: Readonly<Record<string, string | number>>) => string;
}

/** As `ward.scale_orders.SOON` says it of the plan. */
export const SOON_MS = 72 * 3_600_000;

/** Returns a few words that fit into a row, and the whole sentence; null where there is nothing to say. */
export function ordered(scale: Tile["scale_2"], { now, language, t }: At): { readonly brief: string; readonly whole: string } | null {
  if (scale === null) return null;
  const left = scale.until === null ? 0 : Date.parse(scale.until) - now;
  if (scale.until === null || left <= 0) return { brief: t("tile.scale2_over"), whole: t("tile.scale2_over_whole") };
  if (left <= SOON_MS) {
    const until = (time: string): string => t("tile.until", { time });
    return { brief: t("tile.scale2_ends", { until: until(soon(scale.until, now, language)) }), whole: t("tile.scale2_ends_whole", { until: until(when(scale.until, now, language)) }) };
  }
  return scale.named ? null : { brief: t("tile.scale2_unnamed"), whole: t("tile.scale2_unnamed_whole") };
}

// NEWS2 in words. Pure. A score that lacks something is an interval, never a number, and says what would settle it; its
// risk is that of the upper bound.

import type { Part, Score } from "../api/types";
import type { Key } from "../i18n/catalogues";

type Translate = (key: Key, places?: Readonly<Record<string, string | number>>) => string;

export const isPartial = (score: Score): boolean => score.min !== score.max;

/** Writes the score, as an interval when it is one; a dash where there is none. */
export function range(score: Score | null): string {
  if (!score) return "–";
  return isPartial(score) ? `${String(score.min)}–${String(score.max)}` : String(score.max);
}

/** Writes the one line below the badge: scale 2 where it is used; what would settle it, else what is missing, else the risk. */
export function beneath(score: Score | null, t: Translate): string {
  const said = decisive(score, t);
  return score?.spo2_scale === 2 ? `${t("tile.scale2_brief")}, ${said}` : said;
}

function decisive(score: Score | null, t: Translate): string {
  if (!score) return t("tile.no_score");
  const name = (part: Part): string => t(`part.${part}`);
  if (!isPartial(score)) return t(`risk.${score.risk}`);
  if (score.settles) return t("tile.settles", { what: name(score.settles) });
  const lacking = [...score.missing, ...score.stale];
  return lacking.length > 0 ? t("tile.missing", { what: lacking.map(name).join(", ") }) : t(`risk.${score.risk}`);
}

/** Writes all of it as one sentence, for a screen reader. */
export function whole(score: Score | null, t: Translate): string {
  if (!score) return `NEWS2 ${t("tile.no_score")}`;
  const names = (parts: readonly Part[]): string => parts.map((part) => t(`part.${part}`)).join(", ");
  return [
    t("news2.label", { score: range(score), risk: t(`risk.${score.risk}`) }),
    ...(score.spo2_scale === 2 ? [t("tile.scale2")] : []),
    ...(score.missing.length > 0 ? [t("tile.missing", { what: names(score.missing) })] : []),
    ...(score.stale.length > 0 ? [t("tile.stale_part", { what: names(score.stale) })] : []),
    ...(isPartial(score) && score.settles ? [t("tile.settles", { what: t(`part.${score.settles}`) })] : []),
  ].join("; ");
}

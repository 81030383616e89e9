// What a row says of limits that are wider than those of the team's other patients. Pure. Who stands before a calm row
// sees that this one would call later, about what, and until when.

import type { Language, Tile } from "../api/types";
import { when } from "../clinical/time";
import type { Key } from "../i18n/catalogues";

interface At {
  readonly now: number;
  readonly language: Language;
  readonly t: (key: Key, places?: Readonly<Record<string, string | number>>) => string;
}

/** Returns a few words and the whole sentence. */
export function eased({ kinds, until }: NonNullable<Tile["eased"]>, { now, language, t }: At): { readonly brief: string; readonly whole: string } {
  const names = kinds.map((kind) => t(`kind.${kind}`));
  const end = until === null ? "" : t("tile.until", { time: when(until, now, language) });
  const brief = names.length === 1 ? t("tile.eased", { what: names.join("") }) : t("tile.eased_many", { n: names.length });
  return {
    brief: `${brief} ${end}`.trim(),
    whole: `${t("tile.eased_whole", { what: names.join(", ") })}, ${end || t("tile.until_changed")}`,
  };
}

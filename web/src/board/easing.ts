// What a row says of limits that are wider than those of the team's other patients. Pure. Who stands before a calm row
// sees that this one would call later, about what, and until when.

import type { Language, Tile } from "../api/types";
import { soon, when } from "../clinical/time";
import type { Key } from "../i18n/catalogues";

interface At {
  readonly now: number;
  readonly language: Language;
  readonly t: (key: Key, places?: Readonly<Record<string, string | number>>) => string;
}

/** Returns a few words that fit into a row, the end alone, and the whole sentence. */
export function eased({ kinds, until }: NonNullable<Tile["eased"]>, { now, language, t }: At): { readonly brief: string; readonly end: string; readonly whole: string } {
  const what = kinds.map((kind) => t(`kind.${kind}`)).join(", ");
  if (until === null) return { brief: t("tile.eased"), end: t("tile.eased"), whole: `${t("tile.eased_whole", { what })}, ${t("tile.until_changed")}` };
  const end = (time: string): string => t("tile.until", { time });
  const shortly = end(soon(until, now, language));
  return { brief: `${t("tile.eased")} ${shortly}`, end: shortly, whole: `${t("tile.eased_whole", { what })}, ${end(when(until, now, language))}` };
}

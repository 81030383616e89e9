// Times and units as one says them: by the server's clock, in the language of the page.

import type { Kind } from "../api/types";
import { unitOf } from "../clinical/kinds";
import { t, words } from "../i18n/words.svelte";
import { instant } from "../patient/charts/wallclock";
import { said } from "./day";
import { own } from "./own.svelte";

/** Says when something was or will be; a day that is not today is said with it. */
export const at = (when: string | number): string =>
  said(when, instant(own.today, 720), words.language, { tomorrow: t("home.tomorrow"), yesterday: t("home.yesterday") });

/** Says when something is to come: of a time alone nobody knows at night whether it is this day's or the next one's. */
export function ahead(when: string | number): string {
  const spoken = at(when);
  return /^\d/.test(spoken) ? `${t("home.this_day")} ${spoken}` : spoken;
}

/** Says when this screen saw something: its clock may be wrong, the server's is told. */
export const here = (ms: number): string => at(own.server(ms));

/** Returns a unit in words where its sign is none that one reads aloud. */
export function unit(kind: Kind): string {
  if (kind === "heart_rate") return t("home.unit.heart_rate");
  return kind === "resp_rate" ? t("home.unit.resp_rate") : unitOf(kind, words.language);
}

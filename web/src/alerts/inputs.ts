// What is said of a number that an alert rests on, beside its time; ages are those of when it was judged. Pure.

import type { Alert, Evidence } from "../api/types";
import { age } from "../clinical/time";
import type { Key } from "../i18n/catalogues";

type Translate = (key: Key, places?: Readonly<Record<string, string | number>>) => string;

/** A judgement that became an alert so much later is told apart: what it rests on had come late. */
const LATE_S = 120;

/** Writes over how long it is a mean, how old it was, and how sure it is; of what is not known nothing. */
export function details(input: Evidence, translate: Translate): readonly string[] {
  return [
    input.over_s > 0 ? translate("alerts.over", { age: age(input.over_s, translate) }) : "",
    input.age_s === null ? "" : translate("alerts.age_then", { age: age(Math.max(0, input.age_s), translate) }),
    input.quality === null ? "" : translate("alerts.quality", { n: Math.round(input.quality * 100) }),
  ].filter(Boolean);
}

/** Writes when an alert was judged, as far as is known, and that it was opened long after. */
export function judgement(alert: Alert, at: (time: string) => string, translate: Translate): readonly string[] {
  const judged = alert.evidence.judged_at;
  if (!judged) return [];
  const late = (Date.parse(alert.opened_at) - Date.parse(judged)) / 1000;
  return [
    translate("alerts.judged", { time: at(judged) }),
    alert.evidence.inputs.length > 0 ? translate("alerts.ages_then") : "",
    late >= LATE_S ? translate("alerts.judged_late", { age: age(late, translate) }) : "",
  ].filter(Boolean);
}

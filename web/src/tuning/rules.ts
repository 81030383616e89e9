// What an alert rule is called, from its name. Pure: the words come in from outside.

import type { Key } from "../i18n/catalogues";

export interface Speech {
  readonly t: (key: Key, places?: Readonly<Record<string, string | number>>) => string;
  /** The text of a key that may not be there; else the last part of it. */
  readonly maybe: (key: string) => string;
}

const OF_KIND: Readonly<Record<string, Key>> = { nodata: "rule.nodata", check: "rule.check", slope: "rule.slope", deviation: "rule.deviation" };

export function ruleName(rule: string, { t, maybe }: Speech): string {
  const [family = "", about = "", side = ""] = rule.split(".");
  const kind = maybe(`kind.${about}`);
  if (rule === "") return t("rule.other");
  if (family === "limit" && about) return side ? t(side === "low" ? "rule.limit_low" : "rule.limit_high", { kind }) : kind;
  const ofKind = OF_KIND[family];
  if (ofKind) return t(ofKind, { kind: about ? kind : t("rule.any") });
  if (family === "combination" && !about) return t("rule.combination_any");
  if (family === "combination" && about) return t("rule.combination", { name: maybe(`rule.combination.${about}`) });
  const whole = maybe(`rule.${rule}`);
  return about && whole === about.replaceAll("_", " ") ? `${maybe(`rule.${family}`)}: ${kind}` : whole;
}

// Why something was refused, in a language: what the server says of each fault or with names in it comes first, then the
// words for its reason, then those for its status. Pure. Never a word for programs, never another language.

import { Refused } from "../api/client";
import type { Language } from "../api/types";
import { CATALOGUES, type Key } from "../i18n/catalogues";

export function whyNot(failure: unknown, language: Language): string {
  const catalogue = CATALOGUES[language];
  if (!(failure instanceof Refused)) return catalogue["refused.unreachable"];
  const faults = faultsOf(failure.problem["faults"], language);
  if (faults !== "") return faults;
  const told = failure.problem["detail_sv"];
  if (typeof told === "string") return language === "sv" ? told : failure.detail;
  const reason = `refused.${String(failure.problem["reason"])}`;
  if (reason in catalogue) return catalogue[reason as Key];
  const status = `refused.status.${String(failure.status)}`;
  return status in catalogue ? catalogue[status as Key] : catalogue["refused.other"];
}

function faultsOf(given: unknown, language: Language): string {
  if (!Array.isArray(given)) return "";
  const found = (given as readonly Readonly<Record<string, unknown>>[]).map((each) => each[language]);
  return found.filter((each) => typeof each === "string").join(" ");
}

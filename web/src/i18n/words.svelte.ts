// The language of the page, and the words in it.

import type { Language } from "../api/types";
import { CATALOGUES, type Key } from "./catalogues";

const KEPT = "hemvakt.language";

class Words {
  language = $state<Language>(kept() ?? "sv");

  /** Returns the text of a key, its {places} filled in. */
  t = (key: Key, places?: Readonly<Record<string, string | number>>): string => {
    const text = CATALOGUES[this.language][key];
    return places ? text.replace(/\{(\w+)\}/g, (whole, name: string) => String(places[name] ?? whole)) : text;
  };

  /** Returns the text of a key that the server made up, or the last part of that key when there is none. */
  maybe = (key: string): string =>
    key in CATALOGUES[this.language] ? this.t(key as Key) : (key.split(".").pop() ?? key).replaceAll("_", " ");

  /** Counts: picks the singular or the plural of a pair of keys. */
  count = (key: "board.patients" | "board.alerts" | "board.not_fresh" | "board.paused" | "group.patients" | "orders.wait", n: number): string =>
    this.t(n === 1 ? `${key}.one` : `${key}.many`, { n });

  choose(language: Language): void {
    this.language = language;
    localStorage.setItem(KEPT, language);
  }

  /** Takes the language of the person who logged in, unless one was chosen on this screen. */
  suggest(language: Language): void {
    if (kept() === null) this.language = language;
  }
}

function kept(): Language | null {
  const found = localStorage.getItem(KEPT);
  return found === "sv" || found === "en" ? found : null;
}

export const words = new Words();
export const t = words.t;

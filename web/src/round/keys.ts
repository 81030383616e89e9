// Which key does what in the round. Pure. No key acts while somebody types, with a modifier, or when a button has it.

import { MOST_DECISIONS, type Decision } from "./plan";

export type Wish = "next" | "previous" | "sign" | "write" | Decision;

interface Pressed {
  readonly key: string;
  readonly altKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly repeat: boolean;
}

/** Where a key was pressed: in a field, on something that a space presses, or anywhere else. */
export type Place = "field" | "control" | "page";

export function wish(pressed: Pressed, place: Place): Wish | null {
  const { key } = pressed;
  if (place === "field") return key === "Enter" && (pressed.ctrlKey || pressed.metaKey) ? "sign" : null;
  if (pressed.altKey || pressed.ctrlKey || pressed.metaKey) return null;
  if (key === "n" || key === "N") return "next";
  if (key === "p" || key === "P") return "previous";
  if (key === "t" || key === "T") return "write";
  if (key === " " && place === "page" && !pressed.repeat) return "sign";
  const number = Number(key);
  if (/^[1-9]$/.test(key) && number <= MOST_DECISIONS && !pressed.repeat) return number as Decision;
  return null;
}

export function placeOf(target: EventTarget | null): Place {
  if (!(target instanceof HTMLElement)) return "page";
  if (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName)) return "field";
  return target.closest("button, a, summary, [role=button]") ? "control" : "page";
}

// How a member of staff is told, as far as it can be reckoned: how a number is written for the server, what stands in the
// way of waking a browser, and which way of a list is this browser's. Pure.

import type { components } from "../api/schema";

export type Ways = components["schemas"]["ChannelList"];
export type Way = Ways["items"][number];
/** What is typed in: by a person for themselves, and by an operator for a team. */
export type Typed = "sms" | "email" | "chat" | "webhook";
export const OWN = ["sms", "email"] as const;
export const OF_TEAMS = ["sms", "email", "chat", "webhook"] as const;

/** A telephone number as the server takes it; a Swedish one may be written as at home. What is none is left as it was. */
export function international(text: string): string {
  const digits = text.trim().replace(/\(0\)/, "").replace(/[\s()./–-]/g, "");
  if (/^00\d+$/.test(digits)) return `+${digits.slice(2)}`;
  return /^0\d+$/.test(digits) ? `+46${digits.slice(1)}` : digits;
}

export const asTyped = (kind: Typed, text: string): string => (kind === "sms" ? international(text) : text.trim());

export interface Browser {
  readonly secure: boolean;
  readonly push: boolean;
  readonly ios: boolean;
  readonly permission: NotificationPermission;
}
export type Hindrance = "not_set_up" | "insecure" | "not_installed" | "unsupported" | "denied";

/** What stands in the way of waking this browser, null where nothing is known to. */
export function hindrance(key: string | null, browser: Browser): Hindrance | null {
  if (key === null) return "not_set_up";
  if (!browser.secure) return "insecure";
  // There a page is woken only where it stands on the home screen; elsewhere the browser knows of no such thing.
  if (!browser.push) return browser.ios ? "not_installed" : "unsupported";
  return browser.permission === "denied" ? "denied" : null;
}

/** An iPad calls itself a Mac; no Mac has more than one point of touch. */
export const isIos = (agent: string, touches: number): boolean => /iPhone|iPad|iPod/.test(agent) || (agent.includes("Macintosh") && touches > 1);

/** A key as bytes; it comes as base64 for addresses, without its padding. */
export function bytes(key: string): Uint8Array<ArrayBuffer> {
  const raw = atob(key.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(raw, (each) => each.charCodeAt(0));
}

export function same(held: ArrayBuffer | null | undefined, key: string): boolean {
  if (!held) return false;
  const [have, wanted] = [new Uint8Array(held), bytes(key)];
  return have.length === wanted.length && have.every((each, place) => each === wanted[place]);
}

/** By what the server shows a browser's subscription: the beginning of a digest of its endpoint (`ward.channels.hint`). */
export async function hintOf(endpoint: string): Promise<string> {
  const found = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(endpoint)));
  return [...found.slice(0, 6)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What this browser was switched on with, and what it has now; `current`: whether that is for the key of now. */
export interface Held {
  readonly kept: string | null;
  readonly hint: string | null;
  readonly current: boolean;
}
/** `anew`: it was on, and what it has now is not what the server writes to. `lost`: it was taken out from elsewhere. */
export type Standing = "off" | "on" | "anew" | "lost";

export function standing(held: Held, items: readonly Way[]): Standing {
  if (held.kept === null) return "off";
  const listed = items.find((way) => way.kind === "push" && way.hint === held.kept);
  // Who takes a browser out from another one has decided: it does not put itself back.
  if (!listed && held.hint === held.kept) return "lost";
  return held.hint === held.kept && held.current && listed?.broken_at === null ? "on" : "anew";
}

export const isGone = (way: Way): boolean => /^HTTP (404|410)$/.test(way.broken_reason ?? "");

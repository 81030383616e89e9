// The parts of a patient's page, each with an address of its own: `/patient/3/charts`. The first one is the page itself.

import type { Component } from "svelte";
import type { Patient, Session, Tile } from "../api/types";
import type { Key } from "../i18n/catalogues";

export interface SectionProps {
  readonly tile: Tile;
  readonly person: Patient;
  readonly session: Session;
}

export interface Section {
  /** The word in the address; the overview has none. */
  readonly word: string;
  readonly name: Key;
  readonly load: () => Promise<{ readonly default: Component<SectionProps> }>;
}

export const SECTIONS: readonly [Section, ...Section[]] = [
  { word: "", name: "section.overview", load: () => import("./Overview.svelte") },
  { word: "charts", name: "section.charts", load: () => import("./charts/Charts.svelte") },
  { word: "waves", name: "section.waves", load: () => import("./waves/Waves.svelte") },
  { word: "alerts", name: "section.alerts", load: () => import("./alerts/Alerts.svelte") },
  { word: "timeline", name: "section.timeline", load: () => import("./timeline/Timeline.svelte") },
  { word: "effect", name: "section.effect", load: () => import("./effect/Effects.svelte") },
  { word: "plan", name: "section.plan", load: () => import("./plan/Plan.svelte") },
  { word: "devices", name: "section.devices", load: () => import("./devices/Devices.svelte") },
  { word: "duty", name: "section.duty", load: () => import("./duty/Duty.svelte") },
  { word: "access", name: "section.access", load: () => import("./access/Access.svelte") },
];

/** Returns the part that an address names; null where there is no such part. */
export function sectionOf(path: string): Section | null {
  const [, , word = ""] = path.split("/").filter(Boolean);
  return SECTIONS.find((each) => each.word === word) ?? null;
}

export const addressOf = (patientId: number, word: string): string => `/patient/${String(patientId)}${word === "" ? "" : `/${word}`}`;

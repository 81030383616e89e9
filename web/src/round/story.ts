// What happened to a patient in a shift, in order, from what the server tells of alerts and entries. Pure.

import type { Alert } from "../api/types";
import type { Entry, ShiftPatient } from "./api";

export type Line =
  | { readonly at: number; readonly what: "over"; readonly alert: Alert }
  | { readonly at: number; readonly what: "entry"; readonly entry: Entry };

/** Returns what is over and what has been read, the oldest first; open alerts and unread entries stand by themselves. */
export function story(patient: ShiftPatient, since: number): readonly Line[] {
  const lines: Line[] = [];
  for (const alert of patient.alerts) {
    if (alert.resolved_at) add(lines, since, { at: Date.parse(alert.resolved_at), what: "over", alert });
  }
  for (const entry of patient.entries) {
    if (entry.error === null && entry.read_by_me) add(lines, since, { at: Date.parse(entry.occurred_at), what: "entry", entry });
  }
  return lines.sort((a, b) => a.at - b.at);
}

function add(lines: Line[], since: number, line: Line): void {
  if (line.at >= since) lines.push(line);
}

export const unread = (patient: ShiftPatient): readonly Entry[] =>
  patient.entries.filter((entry) => !entry.read_by_me && entry.error === null && entry.event_id !== null);

export const open = (patient: ShiftPatient): readonly Alert[] => patient.alerts.filter((alert) => alert.state !== "resolved");

/** Sorts patients: those with open alerts, then those with something unread or that happened, then the quiet ones. */
export function sorted(patients: readonly ShiftPatient[], since: number): { readonly eventful: readonly ShiftPatient[]; readonly quiet: readonly ShiftPatient[] } {
  const weight = (patient: ShiftPatient): number => (open(patient).length > 0 ? 2 : unread(patient).length > 0 || story(patient, since).length > 0 ? 1 : 0);
  const by = [...patients].sort((a, b) => weight(b) - weight(a) || a.name.localeCompare(b.name, "sv"));
  return { eventful: by.filter((each) => weight(each) > 0), quiet: by.filter((each) => weight(each) === 0) };
}

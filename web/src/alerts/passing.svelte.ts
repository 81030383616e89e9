// Whom this person has asked to take which alert, as long as this page is open: who believed it off their hands and hears it
// ring again is told why.

import { SvelteMap } from "svelte/reactivity";
import type { Alert } from "../api/types";

const asked = new SvelteMap<number, string>();

/** Looks at an alert as it is now: what one offers is remembered, and forgotten when it is one's own no more, or quiet. */
export function follow(alert: Alert, staffId: number): void {
  if (alert.offer?.by === staffId) asked.set(alert.alert_id, alert.offer.staff?.name ?? alert.offer.team_name);
  else if (alert.holder?.staff_id !== staffId || alert.signal !== "ringing") asked.delete(alert.alert_id);
}

/** One's own offer is taken back: nobody has refused it. */
export function takenBack(alert: number): void {
  asked.delete(alert);
}

/** Returns who has not taken what is one's own again; empty where nobody was asked. */
export const refusedBy = (alert: Alert): string => (alert.offer === null ? (asked.get(alert.alert_id) ?? "") : "");

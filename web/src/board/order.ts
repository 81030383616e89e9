// The order of the board. Pure. Unseen high alarms first, then unseen medium, then technical, then seen and low ones,
// then everybody else by the upper bound of NEWS2; names decide the rest. A frozen order moves nobody.

import type { Alert, Priority, Tile } from "../api/types";

const WEIGHT: Readonly<Record<Priority, number>> = { high: 0, medium: 1, low: 2 };
const BY_NAME = new Intl.Collator("sv");

/** Orders alerts by how much they ask for attention: unseen before seen, clinical before technical, then priority. */
export function urgency(alert: Alert): number {
  if (alert.state === "acknowledged") return 20 + WEIGHT[alert.priority];
  if (alert.family === "technical") return 10 + WEIGHT[alert.priority];
  return alert.priority === "low" ? 15 : WEIGHT[alert.priority];
}

export function byUrgency(a: Alert, b: Alert): number {
  return urgency(a) - urgency(b) || Date.parse(b.opened_at) - Date.parse(a.opened_at) || a.alert_id - b.alert_id;
}

/** Sorts alerts by patient, each list in the order that it came in. */
export function byPatient(alerts: readonly Alert[]): ReadonlyMap<number, Alert[]> {
  const found = new Map<number, Alert[]>();
  for (const alert of alerts) {
    const list = found.get(alert.patient_id);
    if (list) list.push(alert);
    else found.set(alert.patient_id, [alert]);
  }
  return found;
}

function group(alerts: readonly Alert[]): number {
  const first = Math.min(99, ...alerts.map(urgency));
  if (first <= 1) return first;
  if (first < 15) return 2;
  return first < 99 ? 3 : 4;
}

export function ordered(tiles: readonly Tile[], alerts: (patientId: number) => readonly Alert[]): Tile[] {
  const key = new Map(tiles.map((tile) => [tile.patient_id, group(alerts(tile.patient_id))]));
  return [...tiles].sort(
    (a, b) =>
      (key.get(a.patient_id) ?? 4) - (key.get(b.patient_id) ?? 4) ||
      (b.score?.max ?? -1) - (a.score?.max ?? -1) ||
      BY_NAME.compare(a.family_name, b.family_name) ||
      BY_NAME.compare(a.given_name, b.given_name) ||
      a.patient_id - b.patient_id,
  );
}

/** Returns `wanted` in the order of `frozen`; the ones that were not there come last. */
export function held(wanted: readonly number[], frozen: readonly number[]): number[] {
  const place = new Map(frozen.map((known, index) => [known, index]));
  const at = (id: number): number => place.get(id) ?? Infinity;
  return wanted
    .map((id, index) => ({ id, index }))
    .sort((a, b) => (at(a.id) === at(b.id) ? a.index - b.index : at(a.id) - at(b.id)))
    .map(({ id }) => id);
}

/** Returns `before` where it says the same as `now`, so that nothing is drawn anew for an order that stands. */
export function steady(before: readonly number[], now: readonly number[]): readonly number[] {
  return before.length === now.length && before.every((id, index) => id === now[index]) ? before : now;
}

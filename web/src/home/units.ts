// Whom a patient can block, as a page lists them. Pure: who may be blocked is the server's word (`answers`, `blocked`).

import type { Unit } from "./api";

/** A team by its name; an organisation as a whole by the words that say so. */
export const nameOf = (unit: Unit, whole: string): string => (unit.team_id === null ? whole : unit.name);

/** Those that are not blocked already, by organisation, in the order in which they came. */
export function byOrganisation(units: readonly Unit[]): readonly (readonly [string, readonly Unit[]])[] {
  const groups = new Map<number, Unit[]>();
  for (const unit of units) if (!unit.blocked) groups.set(unit.organisation_id, [...(groups.get(unit.organisation_id) ?? []), unit]);
  return [...groups.values()].map((there) => [there[0]?.organisation ?? "", there]);
}

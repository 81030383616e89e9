// Who could be mistaken for whom. Pure. Two patients of one family name whose given names begin alike are namesakes:
// that is what is misread at three in the morning.

import type { Tile } from "../api/types";

type Named = Pick<Tile, "patient_id" | "given_name" | "family_name">;

const plain = (name: string): string => name.trim().toLocaleLowerCase("sv");

/** Returns the other patients who could be taken for this one, by number. */
export function namesakes<T extends Named>(one: Named, others: Iterable<T>): T[] {
  const initial = plain(one.given_name).slice(0, 1);
  return [...others]
    .filter((each) => each.patient_id !== one.patient_id)
    .filter((each) => plain(each.family_name) === plain(one.family_name) && plain(each.given_name).startsWith(initial))
    .sort((a, b) => a.patient_id - b.patient_id);
}

// The emergency openings that concern whoever is logged in: their own, and the notices to their teams.

import * as api from "../api";
import type { Opening } from "../types";

class Openings {
  items = $state.raw<readonly Opening[]>([]);

  of = (patientId: number): readonly Opening[] => this.items.filter((each) => each.patient_id === patientId);

  async load(): Promise<void> {
    this.items = (await api.openings()).items;
  }
}

export const openings = new Openings();
export const isOpen = (opening: Opening, now: number): boolean => opening.ended_at === null && Date.parse(opening.until) > now;

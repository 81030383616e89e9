// Which team the pages of rounds and shifts are about: as chosen on this screen, else the one with most patients now.

import type { Session, Tile } from "../api/types";

const KEPT = "hemvakt.team";

class Team {
  #chosen = $state(Number(localStorage.getItem(KEPT)) || null);

  of(session: Session, tiles: Iterable<Tile>): number | null {
    const own = session.teams.map((team) => team.team_id);
    if (this.#chosen !== null && own.includes(this.#chosen)) return this.#chosen;
    const count = new Map<number, number>();
    for (const tile of tiles) count.set(tile.team.team_id, (count.get(tile.team.team_id) ?? 0) + 1);
    return own.sort((a, b) => (count.get(b) ?? 0) - (count.get(a) ?? 0))[0] ?? null;
  }

  choose(team: number): void {
    this.#chosen = team;
    localStorage.setItem(KEPT, String(team));
  }
}

export const team = new Team();

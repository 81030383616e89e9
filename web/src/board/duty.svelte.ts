// Who of one's own teams is on call, and when the next hand-over is: the line that a quiet board ends with.

import { teams, type DutyTeam } from "../alerts/api";

const AGAIN_MS = 5 * 60_000;

export interface Duty {
  /** The next change of watch, in ms since 1970. */
  readonly until: number;
  readonly onCall: readonly string[];
}

/** Returns what is said of the teams with these numbers: who is on call, and whose watch ends first; null for nothing. */
export function told(all: readonly DutyTeam[], own: ReadonlySet<number>): Duty | null {
  const watches = all.filter((team) => own.has(team.team_id)).flatMap((team) => (team.on_duty ? [team.on_duty] : []));
  if (watches.length === 0) return null;
  return {
    until: Math.min(...watches.map((watch) => Date.parse(watch.until))),
    onCall: [...new Set(watches.flatMap((watch) => (watch.on_call ? [watch.on_call.name] : [])))],
  };
}

class OnDuty {
  all = $state.raw<readonly DutyTeam[]>([]);

  /** Asks now and every few minutes until called off. */
  follow(): () => void {
    const ask = (): void => {
      teams().then((found) => { this.all = found; }, () => { this.all = []; });
    };
    ask();
    const timer = setInterval(ask, AGAIN_MS);
    return () => { clearInterval(timer); };
  }
}

export const onDuty = new OnDuty();

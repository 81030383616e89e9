// What a page says of itself with each heartbeat: whether somebody can see and hear it, and which alerts it shows.
// Pure. A page that is hidden or whose sound is locked says that it does not listen, and nobody counts as told by it.

import type { Alert } from "../api/types";

export interface Heartbeat {
  readonly type: "heartbeat";
  readonly listening: boolean;
  readonly shown: readonly number[];
  readonly walk?: number;
  readonly looking?: number;
}

/** The server takes no more than these at a time. */
export const MOST_SHOWN = 200;
/** Of more than that these are said each time, the most urgent and newest; the others take turns. */
const ALWAYS_SHOWN = 50;
const URGENCY = { high: 0, medium: 1, low: 2 } as const;

/** `looking` is the patient whose page is open: colleagues are told of it. `turn` counts the heartbeats. */
export function heartbeat(alerts: Iterable<Alert>, listening: boolean, walk: number | null, looking: number | null, turn = 0): Heartbeat {
  const all = listening
    ? [...alerts]
      .filter((alert) => alert.state !== "resolved")
      .sort((a, b) => URGENCY[a.priority] - URGENCY[b.priority] || b.alert_id - a.alert_id)
      .map((alert) => alert.alert_id)
    : [];
  const shown = all.length <= MOST_SHOWN ? all : inTurn(all, turn);
  return { type: "heartbeat", listening, shown, ...(walk === null ? {} : { walk }), ...(looking === null ? {} : { looking }) };
}

/** Returns as many of them as may be said, so that within a few turns each has been. */
function inTurn(all: readonly number[], turn: number): readonly number[] {
  const others = all.slice(ALWAYS_SHOWN);
  const many = MOST_SHOWN - ALWAYS_SHOWN;
  const from = (turn * many) % others.length;
  return [...all.slice(0, ALWAYS_SHOWN), ...others.slice(from, from + many), ...others.slice(0, Math.max(0, from + many - others.length))];
}

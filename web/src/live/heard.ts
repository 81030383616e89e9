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

/** The server takes no more than these; the most urgent come first. */
export const MOST_SHOWN = 200;
const URGENCY = { high: 0, medium: 1, low: 2 } as const;

/** `looking` is the patient whose page is open: colleagues are told of it. */
export function heartbeat(alerts: Iterable<Alert>, listening: boolean, walk: number | null, looking: number | null): Heartbeat {
  const shown = listening
    ? [...alerts]
      .filter((alert) => alert.state !== "resolved")
      .sort((a, b) => URGENCY[a.priority] - URGENCY[b.priority] || b.alert_id - a.alert_id)
      .slice(0, MOST_SHOWN)
      .map((alert) => alert.alert_id)
    : [];
  return { type: "heartbeat", listening, shown, ...(walk === null ? {} : { walk }), ...(looking === null ? {} : { looking }) };
}

// What the live messages say, put together. Pure: a state and a message give the next state; parts that a message
// does not change keep their identity. Never goes back: an alert with a lower rev, or a value measured earlier than
// the one that is shown, is dropped.

import type { Alert, Kind, LiveMessage, Tile, Viewer, Vitals } from "../api/types";

/** The part of a tile that changes often. */
export type Values = Extract<LiveMessage, { type: "vitals" }>;

export interface LiveState {
  readonly loaded: boolean;
  readonly patients: ReadonlyMap<number, Tile>;
  readonly alerts: ReadonlyMap<number, Alert>;
  /** Who of one's own teams has the board open, oneself among them; `unnamed` counts the rest. */
  readonly viewers: readonly Viewer[];
  readonly unnamed: number;
  /** How often something was written in a patient's timeline, as far as it was told. */
  readonly written: ReadonlyMap<number, number>;
  /** Since when alarms may fail to come, as the server says; null while all is well. */
  readonly doubtSince: number | null;
}

export const EMPTY: LiveState = { loaded: false, patients: new Map(), alerts: new Map(), viewers: [], unnamed: 0, written: new Map(), doubtSince: null };

export function reduce(state: LiveState, message: LiveMessage): LiveState {
  switch (message.type) {
    case "snapshot":
      return {
        ...state,
        loaded: true,
        patients: new Map(message.patients.map((tile) => [tile.patient_id, newest(state.patients.get(tile.patient_id), tile)])),
        alerts: new Map(message.alerts.map((alert) => [alert.alert_id, later(state.alerts.get(alert.alert_id), alert)])),
      };
    case "vitals":
      return withValues(state, [message]);
    case "alert":
      return withAlert(state, message.alert);
    case "presence":
      return { ...state, viewers: message.viewers, unnamed: message.more };
    case "news":
      return { ...state, written: new Map(state.written).set(message.patient_id, message.events) };
    case "heartbeat":
      return doubted(state, message.in_doubt_since);
    default:
      return state;
  }
}

function doubted(state: LiveState, since: string | undefined): LiveState {
  const doubtSince = since === undefined ? null : Date.parse(since);
  return doubtSince === state.doubtSince ? state : { ...state, doubtSince };
}

/** Takes many at once: hundreds come each second, and all the patients are copied for each call. */
export function withValues(state: LiveState, messages: readonly Values[]): LiveState {
  const patients = new Map(state.patients);
  let changed = false;
  for (const { patient_id: id, stay_id: stay, vitals, score, device } of messages) {
    const tile = patients.get(id);
    if (tile?.stay_id !== stay) continue;
    patients.set(id, { ...tile, vitals: merge(tile.vitals, vitals), score, device });
    changed = true;
  }
  return changed ? { ...state, patients } : state;
}

export function withAlert(state: LiveState, alert: Alert): LiveState {
  const known = state.alerts.get(alert.alert_id);
  if (known && known.rev >= alert.rev) return state;
  const alerts = new Map(state.alerts);
  // A resolved alert is kept, unseen, so that a late message of it cannot bring it back.
  alerts.set(alert.alert_id, alert);
  return { ...state, alerts };
}

function later(known: Alert | undefined, alert: Alert): Alert {
  return known && known.rev >= alert.rev ? known : alert;
}

function newest(known: Tile | undefined, tile: Tile): Tile {
  return known?.stay_id === tile.stay_id ? { ...tile, vitals: merge(known.vitals, tile.vitals) } : tile;
}

function merge(known: Vitals, incoming: Vitals): Vitals {
  const merged: Partial<Record<Kind, Vitals[Kind]>> = { ...incoming };
  for (const [name, vital] of Object.entries(known)) {
    const kind = name as Kind;
    const rival = incoming[kind];
    if (rival && rival.measured_at !== vital.measured_at && Date.parse(rival.measured_at) < Date.parse(vital.measured_at)) merged[kind] = vital;
  }
  return merged as Vitals;
}

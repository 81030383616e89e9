// Requests to the API. Anything but success is a Refused; a 401 is told to `onUnauthorised` as well.

import type { Alert, AlertHistory, History, Kind, Outcome, Page, Patient, Scores, Session, Ways } from "./types";

export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly alert: Alert | null,
  ) {
    super(`${String(status)} ${detail}`);
  }
}

let unauthorised: () => void = () => undefined;

export function onUnauthorised(act: () => void): void {
  unauthorised = act;
}

async function ask<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
  const answer = await fetch(path, {
    method,
    credentials: "same-origin",
    cache: "no-store",
    headers: body === undefined ? headers : { "Content-Type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(15_000),
  });
  if (answer.status === 204) return undefined as T;
  if (answer.ok) return (await answer.json()) as T;
  if (answer.status === 401 && path !== "/api/session") unauthorised();
  const problem = (await answer.json().catch(() => ({}))) as { title?: string; detail?: string; alert?: Alert };
  throw new Refused(answer.status, problem.detail ?? problem.title ?? answer.statusText, problem.alert ?? null);
}

export const logIn = (username: string, password: string): Promise<Session> =>
  ask("POST", "/api/session", { username, password });
export const ways = (): Promise<Ways> => ask("GET", "/api/session/ways");
export const changePassword = (old: string, wanted: string): Promise<undefined> =>
  ask("POST", "/api/session/password", { old, new: wanted });
export const session = (): Promise<Session> => ask("GET", "/api/session");
export const logOut = (): Promise<undefined> => ask("DELETE", "/api/session");
export const patient = (id: number): Promise<Patient> => ask("GET", `/api/patients/${String(id)}`);
export const alertHistory = (id: number): Promise<AlertHistory> => ask("GET", `/api/alerts/${String(id)}`);
export const alertsOf = (patientId: number): Promise<Page<Alert>> =>
  ask("GET", `/api/alerts?state=open,acknowledged,resolved&patient=${String(patientId)}&limit=50`);

export function vitals(id: number, kinds: readonly Kind[], from: number, to: number, resolution: string): Promise<History> {
  const query = new URLSearchParams(kinds.map((kind) => ["kind", kind]));
  query.set("from", new Date(from).toISOString());
  query.set("to", new Date(to).toISOString());
  query.set("resolution", resolution);
  return ask("GET", `/api/patients/${String(id)}/vitals?${query.toString()}`);
}

export function scores(id: number, from: number, to: number): Promise<Scores> {
  const query = new URLSearchParams({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });
  return ask("GET", `/api/patients/${String(id)}/scores?${query.toString()}`);
}

// The revision that was on the screen goes along: an alert that has changed meanwhile is not acted on.
const seen = (alert: Alert): Record<string, string> => ({ "If-Match": `"${String(alert.rev)}"` });

export const acknowledge = (alert: Alert): Promise<Alert> =>
  ask("POST", `/api/alerts/${String(alert.alert_id)}/acknowledge`, { note: null }, seen(alert));
export const resolve = (alert: Alert, outcome: Outcome): Promise<Alert> =>
  ask("POST", `/api/alerts/${String(alert.alert_id)}/resolve`, { outcome, note: null }, seen(alert));

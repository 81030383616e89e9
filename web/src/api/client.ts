// Requests to the API, typed by its OpenAPI document. Anything but success is a Refused; a 401 is told to
// `onUnauthorised` as well. A part with requests of its own writes them in its own `api.ts`, with `http` and `told`.

import createClient from "openapi-fetch";
import type { paths } from "./schema";
import type { Alert, AlertHistory, History, Kind, Outcome, Page, Patient, Resolution, Scores, Session, Ways } from "./types";

const PATIENCE_MS = 15_000;

export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    /** The problem document as it came: what else it says is in here (the alert as it stands now, the faults of a plan). */
    readonly problem: Readonly<Record<string, unknown>>,
  ) {
    super(`${String(status)} ${detail}`);
  }

  get alert(): Alert | null {
    return (this.problem["alert"] as Alert | undefined) ?? null;
  }
}

let unauthorised: () => void = () => undefined;

export function onUnauthorised(act: () => void): void {
  unauthorised = act;
}

export const http = createClient<paths>({
  credentials: "same-origin",
  cache: "no-store",
  // Said even where there is no body: the API takes no other from a browser.
  headers: { "Content-Type": "application/json" },
  // Repeated, as the API reads lists: kind=spo2&kind=resp_rate.
  querySerializer: { array: { style: "form", explode: true } },
  fetch: (request) => fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) }),
});

interface Answer {
  readonly data?: unknown;
  readonly error?: unknown;
  readonly response: Response;
}

/** Returns what was answered, or throws what was refused. A list of the API is read as `Page<Item>`. */
export async function told<A extends Answer>(asked: Promise<A>): Promise<NonNullable<A["data"]>> {
  const { data, error, response } = await asked;
  if (response.ok) return data as NonNullable<A["data"]>;
  if (response.status === 401 && !response.url.endsWith("/api/session")) unauthorised();
  const problem = (typeof error === "object" && error !== null ? error : {}) as Readonly<Record<string, unknown>>;
  const said = problem["detail"] ?? problem["title"];
  throw new Refused(response.status, typeof said === "string" ? said : response.statusText, problem);
}

/** The revision that was on the screen goes along: what has changed meanwhile is not acted on. */
export const match = (rev: number): { readonly "If-Match": string } => ({ "If-Match": `"${String(rev)}"` });

export const logIn = (username: string, password: string, code?: string): Promise<Session> =>
  told(http.POST("/api/session", { body: { username, password, shared: false, ...(code ? { code } : {}) } }));
export const ways = (): Promise<Ways> => told(http.GET("/api/session/ways"));
export const changePassword = async (old: string, wanted: string): Promise<void> => {
  await told(http.POST("/api/session/password", { body: { old, new: wanted } }));
};
export const session = (): Promise<Session> => told(http.GET("/api/session"));
export const logOut = async (): Promise<void> => {
  await told(http.DELETE("/api/session"));
};

const ofPatient = (id: number): { readonly path: { readonly patient_id: number } } => ({ path: { patient_id: id } });
const ofAlert = (alert: Alert): { readonly path: { readonly alert_id: number }; readonly header: ReturnType<typeof match> } => ({
  path: { alert_id: alert.alert_id },
  header: match(alert.rev),
});
const span = (from: number, to: number): { readonly from: string; readonly to: string } => ({
  from: new Date(from).toISOString(),
  to: new Date(to).toISOString(),
});

export const patient = (id: number): Promise<Patient> => told(http.GET("/api/patients/{patient_id}", { params: ofPatient(id) }));
export const vitals = (id: number, kinds: readonly Kind[], from: number, to: number, resolution: Resolution, marks = false): Promise<History> =>
  told(
    http.GET("/api/patients/{patient_id}/vitals", {
      params: { ...ofPatient(id), query: { kind: kinds, resolution, marks, ...span(from, to) } },
    }),
  );
export const scores = (id: number, from: number, to: number): Promise<Scores> =>
  told(http.GET("/api/patients/{patient_id}/scores", { params: { ...ofPatient(id), query: span(from, to) } }));

export const alertHistory = (id: number): Promise<AlertHistory> =>
  told(http.GET("/api/alerts/{alert_id}", { params: { path: { alert_id: id } } }));
export const alertsOf = (patientId: number): Promise<Page<Alert>> =>
  told(http.GET("/api/alerts", { params: { query: { state: "open,acknowledged,resolved", patient: patientId, limit: 50 } } }));
export const acknowledge = (alert: Alert): Promise<Alert> =>
  told(http.POST("/api/alerts/{alert_id}/acknowledge", { params: ofAlert(alert), body: {} }));
export const resolve = (alert: Alert, outcome: Outcome): Promise<Alert> =>
  told(http.POST("/api/alerts/{alert_id}/resolve", { params: ofAlert(alert), body: { outcome } }));

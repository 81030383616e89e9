// What the alert lane asks of the API. Every act names the revision that was read, so that nobody acts on what has
// changed meanwhile.

import { http, match, told } from "../api/client";
import type { components } from "../api/schema";
import type { Alert, AlertHistory, Outcome } from "../api/types";

type Shapes = components["schemas"];
export type Escalation = Shapes["EscalationState"];
export type DutyTeam = Shapes["DutyStatesTeamState"];
export type Colleague = Shapes["Member"];
type Body<Name extends keyof Shapes> = Shapes[Name];
export type Cause = NonNullable<Body<"Closing">["cause"]>;
export type Action = NonNullable<Body<"Closing">["action"]>;

/** What was read: the alert, and the revision of it that stood on the screen. */
export interface Read {
  readonly alert_id: number;
  readonly rev: number;
}

export interface Closing {
  readonly outcome: Outcome;
  readonly cause?: Cause;
  readonly action?: Action;
  readonly note?: string;
}

export interface Recipient {
  readonly team: number;
  readonly staff?: number;
  readonly note?: string;
}

const of = ({ alert_id, rev }: Read): { readonly path: { readonly alert_id: number }; readonly header: ReturnType<typeof match> } => ({
  path: { alert_id },
  header: match(rev),
});

export const acknowledge = (read: Read): Promise<Alert> => told(http.POST("/api/alerts/{alert_id}/acknowledge", { params: of(read), body: {} }));
export const claim = (read: Read): Promise<Alert> => told(http.POST("/api/alerts/{alert_id}/claim", { params: of(read), body: {} }));
export const release = (read: Read): Promise<Alert> => told(http.POST("/api/alerts/{alert_id}/release", { params: of(read), body: {} }));
export const accept = (read: Read): Promise<Alert> => told(http.POST("/api/alerts/{alert_id}/accept", { params: of(read), body: {} }));
export const decline = (read: Read): Promise<Alert> => told(http.POST("/api/alerts/{alert_id}/decline", { params: of(read), body: {} }));
export const escalate = (read: Read): Promise<Alert> => told(http.POST("/api/alerts/{alert_id}/escalate", { params: of(read), body: {} }));
export const undo = (read: Read): Promise<Alert> => told(http.POST("/api/alerts/{alert_id}/undo", { params: of(read), headers: { "Content-Type": "application/json" } }));
export const note = (read: Read, words: string): Promise<Alert> =>
  told(http.POST("/api/alerts/{alert_id}/note", { params: of(read), body: { note: words } }));
export const snooze = (read: Read, minutes: number, reason: string): Promise<Alert> =>
  told(http.POST("/api/alerts/{alert_id}/snooze", { params: of(read), body: { minutes, reason } }));
export const offer = (read: Read, to: Recipient): Promise<Alert> =>
  told(http.POST("/api/alerts/{alert_id}/offer", { params: of(read), body: { ...to } }));
export const resolve = (read: Read, closing: Closing): Promise<Alert> =>
  told(http.POST("/api/alerts/{alert_id}/resolve", { params: of(read), body: { ...closing } }));

/** The alert with its life. Whoever asks counts as having seen what they were sent of it: ask when somebody looks. */
export const life = (id: number): Promise<AlertHistory> => told(http.GET("/api/alerts/{alert_id}", { params: { path: { alert_id: id } } }));
/** What comes next for each alert; asking counts as seeing nothing. */
export const ahead = async (): Promise<readonly Escalation[]> => (await told(http.GET("/api/escalations"))).items;
export const teams = async (): Promise<readonly DutyTeam[]> => (await told(http.GET("/api/teams"))).items;
export const members = async (teamId: number): Promise<readonly Colleague[]> =>
  (await told(http.GET("/api/teams/{team_id}", { params: { path: { team_id: teamId } } }))).members;

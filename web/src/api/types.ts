// The shapes of the API and of the live socket, by the names that the page uses. They come from the OpenAPI document
// (`npm run api`); nothing is said twice here, and nothing decides.

import type { components } from "./schema";

type Shapes = components["schemas"];

export type Kind = Shapes["VitalKind"];
export type Team = Shapes["TeamState"];
export type Vital = Shapes["VitalState"];
export type Vitals = Shapes["Tile"]["vitals"];
export type Score = Shapes["ScoreState"];
export type Part = Score["missing"][number];
export type Risk = Score["risk"];
export type Validity = Vital["validity"];
export type Device = Shapes["DeviceState"];
export type Band = Shapes["LimitState"];
export type Tile = Shapes["Tile"];

export type Actor = Shapes["StaffState"];
export type Evidence = Shapes["InputState"];
export type Alert = Shapes["AlertState"];
export type Priority = Alert["priority"];
export type Family = Alert["family"];
export type Outcome = NonNullable<Alert["outcome"]>;
/** Who else looks, and at whom. */
export type Viewer = Shapes["ViewerState"];
export type AlertEvent = Shapes["EventState"];
export type AlertHistory = Shapes["AlertTold"];

export type PatientDevice = Shapes["DeviceUse"];
export type Patient = Shapes["PatientDetail"];
export type Series = Shapes["SeriesState"];
export type History = Shapes["VitalsState"];
export type Scores = Shapes["ScoresState"];
export type Resolution = Shapes["Resolution"];
export type Session = Shapes["SessionState"];
/** How people can log in; `oidc` where a provider is set up. */
export type Ways = Shapes["Ways"];
export type AccountKind = Shapes["AccountState"]["kind"];
export type Language = Shapes["AccountState"]["language"];
export type LiveMessage = Shapes["LiveMessage"];

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

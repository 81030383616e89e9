// Requests about plans, back-tests and the burden of alarms. A plan is a patient's, or a team's for one programme; what
// both have goes by `Owner`.

import { http, match, told } from "../api/client";
import type { Page } from "../api/types";
import type { Backtest, Burden, Doctor, Entry, Origin, Overlay, Owner, PatientPlan, PlanOfTeam, Programmes, Review, Team, TeamPlan, Version } from "./shapes";

export interface Change {
  readonly overlay: Overlay;
  readonly reason: string;
  readonly meant: readonly string[];
  readonly until: string | null;
}

export interface Kept {
  readonly version: Version;
  /** Whether it waits for a second signature. */
  readonly awaiting: boolean;
}

const patient = (patientId: number): { readonly path: { readonly patient_id: number } } => ({ path: { patient_id: patientId } });
const team = (teamId: number, programme: string): { readonly path: { readonly team_id: number }; readonly query: { readonly programme: string } } => ({
  path: { team_id: teamId },
  query: { programme },
});
/** What puts a plan in force tries it first, on the whole library: that may take the server twenty seconds. */
const PATIENT = { fetch: (request: Request): Promise<Response> => fetch(request, { signal: AbortSignal.timeout(30_000) }) };
const kept = (version: Version): Kept => ({ version, awaiting: version.state === "awaiting" });
const body = (change: Change): { overlay: Overlay; reason: string; meant: string[]; until: string | null } => ({ ...change, meant: [...change.meant] });

export const patientPlan = (patientId: number): Promise<PatientPlan> =>
  told(http.GET("/api/patients/{patient_id}/plan", { params: patient(patientId) }));
export const teamPlan = (teamId: number, programme: string): Promise<TeamPlan> =>
  told(http.GET("/api/teams/{team_id}/plan", { params: team(teamId, programme) }));
/** Returns the teams' plans that apply to somebody, with whom: of a team that answers by night there may be none. */
export const teamPlans = async (): Promise<readonly PlanOfTeam[]> => (await told(http.GET("/api/team-plans"))).items;
/** Returns the doctors who care for a patient: one of them orders, or answers for an order from outside. */
export const doctors = async (patientId: number): Promise<readonly Doctor[]> =>
  (await told(http.GET("/api/patients/{patient_id}/plan/doctors", { params: patient(patientId) }))).items;
export const programmes = (): Promise<Programmes> => told(http.GET("/api/programmes"));
export const teams = async (): Promise<{ readonly items: readonly Team[]; readonly mine: readonly number[] }> => told(http.GET("/api/teams"));

export async function versions(owner: Owner): Promise<readonly Version[]> {
  const page = owner.kind === "patient"
    ? await told(http.GET("/api/patients/{patient_id}/plan/versions", { params: patient(owner.patientId) }))
    : await told(http.GET("/api/teams/{team_id}/plan/versions", { params: team(owner.teamId, owner.programme) }));
  return page.items;
}

export const review = (owner: Owner, change: Change): Promise<Review> =>
  owner.kind === "patient"
    ? told(http.POST("/api/patients/{patient_id}/plan/review", { params: patient(owner.patientId), body: body(change) }))
    : told(http.POST("/api/teams/{team_id}/plan/review", { params: team(owner.teamId, owner.programme), body: body(change) }));

export async function save(owner: Owner, rev: number, change: Change): Promise<Kept> {
  const header = match(rev);
  return kept(
    owner.kind === "patient"
      ? await told(http.PUT("/api/patients/{patient_id}/plan", { params: { ...patient(owner.patientId), header }, body: body(change), ...PATIENT }))
      : await told(http.PUT("/api/teams/{team_id}/plan", { params: { ...team(owner.teamId, owner.programme), header }, body: body(change), ...PATIENT })),
  );
}

export async function keepDraft(owner: Owner, change: Change): Promise<Version> {
  const { overlay, reason, meant } = body(change);
  return owner.kind === "patient"
    ? told(http.POST("/api/patients/{patient_id}/plan/drafts", { params: patient(owner.patientId), body: { overlay, reason, meant } }))
    : told(http.POST("/api/teams/{team_id}/plan/drafts", { params: team(owner.teamId, owner.programme), body: { overlay, reason, meant } }));
}

/** Lets a draft run in silence; one that runs already goes on. */
export const runInSilence = (owner: Owner, version: number): Promise<Backtest> =>
  owner.kind === "patient"
    ? told(http.POST("/api/patients/{patient_id}/plan/versions/{version}/silent", { params: { path: { patient_id: owner.patientId, version } } }))
    : told(http.POST("/api/teams/{team_id}/plan/versions/{version}/silent", { params: { path: { team_id: owner.teamId, version }, query: { programme: owner.programme } } }));

export async function promote(owner: Owner, version: number, rev: number, reason: string, meant: readonly string[]): Promise<Kept> {
  const header = match(rev);
  const wish = { reason, meant: [...meant], until: null };
  if (owner.kind === "patient")
    return kept(await told(http.POST("/api/patients/{patient_id}/plan/versions/{version}/promote", { params: { path: { patient_id: owner.patientId, version }, header }, body: wish, ...PATIENT })));
  const params = { path: { team_id: owner.teamId, version }, query: { programme: owner.programme }, header };
  return kept(await told(http.POST("/api/teams/{team_id}/plan/versions/{version}/promote", { params, body: wish, ...PATIENT })));
}

export async function approve(owner: Owner, version: number, rev: number, reason: string): Promise<Kept> {
  const header = match(rev);
  if (owner.kind === "patient")
    return kept(await told(http.POST("/api/patients/{patient_id}/plan/versions/{version}/approve", { params: { path: { patient_id: owner.patientId, version }, header }, body: { reason }, ...PATIENT })));
  const params = { path: { team_id: owner.teamId, version }, query: { programme: owner.programme }, header };
  return kept(await told(http.POST("/api/teams/{team_id}/plan/versions/{version}/approve", { params, body: { reason }, ...PATIENT })));
}

export async function withdraw(owner: Owner, version: number, rev: number, reason: string, meant: readonly string[]): Promise<Kept> {
  const header = match(rev);
  const body = { reason, meant: [...meant] };
  if (owner.kind === "patient")
    return kept(await told(http.POST("/api/patients/{patient_id}/plan/versions/{version}/withdraw", { params: { path: { patient_id: owner.patientId, version }, header }, body })));
  const params = { path: { team_id: owner.teamId, version }, query: { programme: owner.programme }, header };
  return kept(await told(http.POST("/api/teams/{team_id}/plan/versions/{version}/withdraw", { params, body })));
}

export interface Cohort {
  /** The team whose plan lies under theirs. */
  readonly planned_by: number | null;
  readonly programme: string | null;
}

export interface Question {
  readonly patients: readonly number[] | null;
  readonly cohort: Cohort | null;
  readonly from: string;
  readonly to: string;
  /** Whose standing overlay the plan takes the place of. */
  readonly layer: Owner["kind"];
  readonly plan: Overlay;
  readonly suggest: boolean;
}

export const ask = (question: Question): Promise<Backtest> =>
  told(http.POST("/api/backtests", { body: { ...question, origin: "editor", name: "", patients: question.patients ? [...question.patients] : null } }));
export const backtest = (id: number): Promise<Backtest> =>
  told(http.GET("/api/backtests/{backtest_id}", { params: { path: { backtest_id: id } } }));
export const endBacktest = (id: number): Promise<Backtest> =>
  told(http.DELETE("/api/backtests/{backtest_id}", { params: { path: { backtest_id: id } } }));
/** Returns the drafts that run in silence, without their reports. */
export const inSilence = (): Promise<Page<Backtest>> => told(http.GET("/api/backtests", { params: { query: { limit: 200, origin: ["silent"], running: true } } }));
export const newestTrials = (origins: readonly Origin[]): Promise<Page<Backtest>> =>
  told(http.GET("/api/backtests", { params: { query: { limit: 12, ...(origins.length > 0 ? { origin: [...origins] } : {}) } } }));

/** Returns a patient's changes of medication, the newest first, without those that were entered in error. */
export async function medication(patientId: number): Promise<readonly Entry[]> {
  const page = await told(http.GET("/api/patients/{patient_id}/events", { params: { ...patient(patientId), query: { kind: ["medication"], limit: 50 } } }));
  return page.items.filter((each) => each.error === null);
}
export const burden = (from: number, to: number, teamId: number | null): Promise<Burden> =>
  told(
    http.GET("/api/burden", {
      params: { query: { from: new Date(from).toISOString(), to: new Date(to).toISOString(), ...(teamId === null ? {} : { team: teamId }) } },
    }),
  );

// The requests of rounds, hand-overs, coverage, schedules, outcomes and replays.

import { http, match, told } from "../api/client";
import type { components } from "../api/schema";

type Shapes = components["schemas"];
export type Round = Shapes["RoundState"];
export type Case = Shapes["RoundItem"];
export type Cell = Shapes["CellState"];
export type Shift = Shapes["ShiftPage"];
export type ShiftPatient = Shapes["ShiftPatient"];
export type Owed = Shapes["OwedState"];
export type Entry = Shapes["TimelineEvent"];
export type HandoverPage = Shapes["HandoverPage"];
export type Handover = Shapes["HandoverState"];
export type Coverage = Shapes["CoveragePage"];
export type Covered = Shapes["CoveredState"];
export type Day = Shapes["DayState"];
export type TeamDuty = Shapes["TeamList"]["items"][number];
export type TeamCoverage = Shapes["TeamCoverage"];
export type Member = Shapes["Member"];
export type Week = Shapes["ScheduleState"];
export type WeekShift = Shapes["ShiftState"];
export type Exception = Shapes["OverrideState"];
export type NewException = Shapes["OverrideBody"];
export type Fault = Week["faults"][number];
export type Ledger = Shapes["LedgerState"];
export type Month = Shapes["MonthState"];
export type Report = Shapes["ReportState"];
export type Night = Shapes["ReplayPage"];
export type NightStay = Shapes["ReplayStay"];
export type NightAlert = Shapes["ReplayAlert"];
export type NightColumn = Shapes["ReplayColumn"];

const ofTeam = (id: number): { readonly path: { readonly team_id: number } } => ({ path: { team_id: id } });
const MOST_PAGES = 50;

export const round = (team: number): Promise<Round> => told(http.GET("/api/teams/{team_id}/round", { params: ofTeam(team) }));
export const sign = (team: number, patient: number, rev: number, plan: string, until: string): Promise<Case> =>
  told(
    http.PUT("/api/teams/{team_id}/round/{patient_id}", {
      params: { path: { team_id: team, patient_id: patient }, query: { until }, header: match(rev) },
      body: { plan },
    }),
  );

export const shift = (team: number, from: string): Promise<Shift> =>
  told(http.GET("/api/teams/{team_id}/shift", { params: { ...ofTeam(team), query: { from } } }));
export const handover = (team: number): Promise<HandoverPage> => told(http.GET("/api/teams/{team_id}/handover", { params: ofTeam(team) }));
/** `key` makes a repeat after a broken answer the same hand-over, and no second one. */
export const give = (team: number, note: string, patients: readonly { patient_id: number; note: string }[], key: string): Promise<Handover> =>
  told(
    http.POST("/api/teams/{team_id}/handover", {
      params: { ...ofTeam(team), header: { "Idempotency-Key": key } },
      body: { note, patients: [...patients] },
    }),
  );
export const take = (team: number, id: number, patients: readonly number[] | null): Promise<Handover> =>
  told(
    http.POST("/api/teams/{team_id}/handover/{handover_id}/accept", {
      params: { path: { team_id: team, handover_id: id } },
      body: patients ? { patient_ids: [...patients] } : {},
    }),
  );
export const read = async (patient: number, events: readonly number[]): Promise<void> => {
  await told(
    http.POST("/api/patients/{patient_id}/events/read", { params: { path: { patient_id: patient } }, body: { event_ids: [...events] } }),
  );
};

export async function coverage(): Promise<Coverage> {
  const ask = (cursor?: string): Promise<Coverage> =>
    told(http.GET("/api/coverage", { params: { query: cursor === undefined ? {} : { cursor } } }));
  const first = await ask();
  const items = [...first.items];
  for (let next = first.next, pages = 1; next !== null && pages < MOST_PAGES; pages += 1) {
    const page: Coverage = await ask(next);
    items.push(...page.items);
    next = page.next;
  }
  return { ...first, items, next: null };
}
export const teams = async (): Promise<readonly TeamDuty[]> => (await told(http.GET("/api/teams"))).items;
export const members = async (team: number): Promise<readonly Member[]> =>
  (await told(http.GET("/api/teams/{team_id}", { params: ofTeam(team) }))).members;
export const teamCoverage = (team: number): Promise<TeamCoverage> =>
  told(http.GET("/api/teams/{team_id}/coverage", { params: ofTeam(team) }));

export const week = (team: number): Promise<Week> => told(http.GET("/api/teams/{team_id}/schedule", { params: ofTeam(team) }));
export const saveWeek = (team: number, seen: Week, shifts: readonly WeekShift[]): Promise<Week> =>
  told(
    http.PUT("/api/teams/{team_id}/schedule", {
      params: { ...ofTeam(team), header: match(seen.rev) },
      body: { anchor: seen.anchor, shifts: shifts as Shapes["ScheduleBody"]["shifts"] },
    }),
  );
export const addException = async (team: number, body: NewException, key: string): Promise<void> => {
  await told(http.POST("/api/teams/{team_id}/overrides", { params: { ...ofTeam(team), header: { "Idempotency-Key": key } }, body }));
};
export const withdrawException = (team: number, id: number, reason: string): Promise<Week> =>
  told(
    http.POST("/api/teams/{team_id}/overrides/{override_id}/withdraw", {
      params: { path: { team_id: team, override_id: id } },
      body: { reason },
    }),
  );

export const outcomes = (team: number): Promise<Ledger> => told(http.GET("/api/teams/{team_id}/outcomes", { params: ofTeam(team) }));
export const reports = async (): Promise<readonly Report[]> =>
  (await told(http.GET("/api/effect-reports", { params: { query: { limit: 50 } } }))).items;
export const seen = async (report: Report): Promise<Report> =>
  told(
    http.POST("/api/effect-reports/{report_id}/seen", { params: { path: { report_id: report.report_id } }, headers: { "Content-Type": "application/json" } }),
  );
export const answer = (report: Report, said: "ok" | "adjust", note: string): Promise<Report> =>
  told(
    http.POST("/api/effect-reports/{report_id}/answer", {
      params: { path: { report_id: report.report_id }, header: match(report.rev) },
      body: { answer: said, note },
    }),
  );

export const night = (from: number, to: number, team: number | null, cursor: string | null): Promise<Night> =>
  told(
    http.GET("/api/replay", {
      params: {
        query: {
          from: new Date(from).toISOString(),
          to: new Date(to).toISOString(),
          ...(team === null ? {} : { team }),
          ...(cursor === null ? {} : { cursor }),
        },
      },
    }),
  );

// The shapes of plans and back-tests, by the names that this part uses; they come from the OpenAPI document.

import type { components } from "../api/schema";

type Shapes = components["schemas"];

export type Plan = Shapes["plan.Plan"];
export type Overlay = Shapes["plan.Overlay"];
export type Limits = Shapes["plan.Limits"];
export type Order = Shapes["plan.Order"];
export type OrderState = Shapes["OrderState"];
export type Doctor = Shapes["DoctorState"];
export type Way = Shapes["plan.Way"];
/** How the order of a doctor from outside came. */
export const WAYS = ["telephone", "video", "in_person", "letter", "record"] as const satisfies readonly Way[];
export type PatientPlan = Shapes["PatientPlan"];
export type TeamPlan = Shapes["TeamPlan"];
export type PlanState = PatientPlan | TeamPlan;
export type PlanOfTeam = Shapes["PlanOfTeam"];
export type Field = Shapes["FieldState"];
export type Fault = Shapes["PlanStatesFaultState"];
export type Review = Shapes["PlanStatesReviewState"];
export type Version = Shapes["VersionState"];
export type Programme = Shapes["ProgrammeState"];
export type Backtest = Shapes["BacktestState"];
/** Who or what asked for a back-test. */
export const ORIGINS = ["person", "editor", "suggestions", "silent"] as const;
export type Origin = (typeof ORIGINS)[number];
export type Report = Shapes["backtest.Report"];
export type Tally = Shapes["backtest.PlanTally"];
export type Listed = Shapes["backtest.Listed"];
export type Slope = Shapes["plan.Slope"];
export type Deviation = Shapes["plan.Deviation"];
export type Term = Shapes["plan.Term"];
export type Combination = Shapes["plan.Combination"];
export type Range = Shapes["RangeState"];
export type Programmes = Shapes["ProgrammePage"];
export type Ranges = Pick<Programmes, "ranges" | "kinds">;
export type Suggestion = Shapes["backtest.Suggestion"];
export type LibraryCase = Shapes["backtest.LibraryCase"];
export type Entry = Shapes["EventPage"]["items"][number];
export type Burden = Shapes["BurdenState"];
export type Team = Shapes["DutyStatesTeamState"];

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

export const BOUNDS = ["floor", "alert_low", "warn_low", "warn_high", "alert_high", "ceiling"] as const;
export type Bound = (typeof BOUNDS)[number];
/** Hard ones are typed, never dragged: a slip of the hand loosens no floor. */
export const MOVED = ["alert_low", "warn_low", "warn_high", "alert_high"] as const satisfies readonly Bound[];
export const WAITS = ["delay_s", "median_s", "k", "n", "clear_by"] as const;
export type Setting = Bound | (typeof WAITS)[number];

/** Whose plan is on the desk: a patient's, or a team's for one programme. */
export type Owner =
  | { readonly kind: "patient"; readonly patientId: number }
  | { readonly kind: "team"; readonly teamId: number; readonly programme: string };

/** How far back is looked. */
export const PERIODS = [1, 7, 30, 90] as const;
export type Days = (typeof PERIODS)[number];
/** On whom a draft is tried. */
export type Tried = "one" | "team" | "programme" | "all";

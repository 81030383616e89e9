// The shapes of the API and of the live socket, in one place. Times are RFC 3339 UTC strings; nothing here decides.

export type Kind =
  | "heart_rate"
  | "resp_rate"
  | "spo2"
  | "temperature"
  | "skin_temperature"
  | "systolic"
  | "diastolic"
  | "mean_pressure"
  | "weight"
  | "glucose"
  | "consciousness"
  | "oxygen_flow"
  | "fio2"
  | "pain"
  | "perfusion_index"
  | "steps"
  | "peak_flow";
export type Part = "resp_rate" | "spo2" | "oxygen" | "systolic" | "heart_rate" | "consciousness" | "temperature";
export type Validity = "vld" | "qst" | "inv" | "calib" | "ong" | "na" | "oflw" | "uflw" | "vldated";
export type Priority = "high" | "medium" | "low";
export type Risk = "low" | "low_medium" | "medium" | "high";
export type Family = "clinical" | "technical" | "request";
export type Outcome = "true_alarm" | "false_alarm" | "self_resolved" | "technical";
export type Language = "sv" | "en";

export interface Team {
  readonly team_id: number;
  readonly name: string;
  readonly phone: string | null;
}

export interface Vital {
  readonly value: number | string;
  readonly unit: string;
  readonly measured_at: string;
  readonly received_at: string;
  readonly validity: Validity;
  readonly quality: number | null;
  readonly ageing_s: number;
  readonly stale_s: number;
}
export type Vitals = Readonly<Partial<Record<Kind, Vital>>>;

export interface Score {
  readonly system: string;
  readonly scored_at: string;
  readonly min: number;
  readonly max: number;
  readonly risk: Risk;
  readonly spo2_scale: number;
  readonly parts: Readonly<Partial<Record<Part, { readonly min: number; readonly max: number }>>>;
  readonly missing: readonly Part[];
  readonly stale: readonly Part[];
  readonly settles: Part | null;
  readonly single_three: boolean;
}

export interface Device {
  readonly device_id: string;
  readonly online: boolean | null;
  readonly battery_pct: number | null;
  readonly firmware: string | null;
  readonly reported_at: string | null;
}

export interface Band {
  readonly alert_low: number | null;
  readonly warn_low: number | null;
  readonly warn_high: number | null;
  readonly alert_high: number | null;
}

export interface Tile {
  readonly patient_id: number;
  readonly stay_id: number;
  readonly given_name: string;
  readonly family_name: string;
  readonly age: number;
  readonly sex: string;
  readonly number_hint: string;
  readonly programme: string;
  readonly reason: string | null;
  readonly next_step: string | null;
  readonly team: Team;
  readonly mode: "real" | "test" | "demo";
  readonly vitals: Vitals;
  readonly score: Score | null;
  readonly device: Device | null;
  readonly limits: Readonly<Partial<Record<Kind, Band>>>;
  readonly goals: "full" | "comfort";
}

export interface Actor {
  readonly staff_id: number;
  readonly name: string;
  readonly title: string;
}

export interface Evidence {
  readonly kind: string;
  readonly value: number | string;
  readonly unit: string;
  readonly measured_at: string;
  readonly quality: number | null;
}

export interface Alert {
  readonly alert_id: number;
  readonly patient_id: number;
  readonly stay_id: number;
  readonly rule: string;
  readonly family: Family;
  readonly priority: Priority;
  readonly state: "open" | "acknowledged" | "resolved";
  readonly condition: "present" | "clearing" | "cleared";
  readonly rev: number;
  readonly team: Team;
  readonly began_at: string;
  readonly opened_at: string;
  readonly changed_at: string;
  readonly cleared_at: string | null;
  readonly acknowledged_at: string | null;
  readonly acknowledged_by: Actor | null;
  readonly acknowledged_until: string | null;
  readonly resolved_at: string | null;
  readonly resolved_by: Actor | null;
  readonly outcome: Outcome | null;
  readonly recurrences: number;
  readonly patient: Pick<Tile, "given_name" | "family_name" | "age" | "number_hint">;
  readonly text_sv: string;
  readonly text_en: string;
  readonly evidence: { readonly rule_version: number; readonly inputs?: readonly Evidence[] };
}

export interface AlertEvent {
  readonly rev: number;
  readonly at: string;
  readonly kind: string;
  readonly staff: Actor | null;
  readonly note: string | null;
  readonly text_sv: string;
  readonly text_en: string;
}
export interface AlertHistory extends Alert {
  readonly events: readonly AlertEvent[];
}

export interface PatientDevice {
  readonly device_id: string;
  readonly model: string | null;
  readonly from: string;
  readonly to: string | null;
  readonly online: boolean | null;
  readonly battery_pct?: number | null;
}
export interface Patient extends Tile {
  readonly personal_number: string;
  readonly birth_date: string;
  readonly phone: string | null;
  readonly stay: { readonly stay_id: number; readonly started_at: string; readonly ended_at: string | null };
  readonly devices: readonly PatientDevice[];
  readonly alerts: readonly Alert[];
  readonly plan_version: number | null;
}

export interface Series {
  readonly kind: Kind;
  readonly unit: string;
  readonly t: readonly number[];
  readonly mean?: readonly number[];
  readonly value?: readonly (number | string)[];
  readonly min?: readonly number[];
  readonly max?: readonly number[];
  readonly gap_s: number;
}
export interface History {
  readonly from: string;
  readonly to: string;
  readonly resolution: string;
  readonly series: readonly Series[];
}
export interface Scores {
  readonly t: readonly number[];
  readonly min: readonly number[];
  readonly max: readonly number[];
  readonly risk: readonly Risk[];
}

export interface Session {
  readonly staff: {
    readonly staff_id: number;
    readonly username: string;
    readonly name: string;
    readonly title: string;
    readonly role: string;
    readonly language: Language;
  };
  readonly organisation: { readonly organisation_id: number; readonly name: string };
  readonly teams: readonly Team[];
  readonly demo: boolean;
  readonly expires_at: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export interface Viewer {
  readonly staff_id: number;
  readonly name: string;
  readonly title: string;
  readonly patient_ids: readonly number[];
}

export type LiveMessage =
  | {
      readonly type: "snapshot";
      readonly seq: number;
      readonly stream: string;
      readonly server_time: string;
      readonly patients: readonly Tile[];
      readonly alerts: readonly Alert[];
    }
  | { readonly type: "resumed"; readonly seq: number; readonly stream: string; readonly server_time: string; readonly stays: readonly number[] }
  | {
      readonly type: "vitals";
      readonly seq: number;
      readonly prev: number;
      readonly server_time: string;
      readonly patient_id: number;
      readonly stay_id: number;
      readonly vitals: Vitals;
      readonly score: Score | null;
      readonly device: Device | null;
    }
  | { readonly type: "alert"; readonly seq: number; readonly prev: number; readonly server_time?: string; readonly alert: Alert }
  | { readonly type: "presence"; readonly seq: number; readonly prev: number; readonly server_time?: string; readonly viewers: readonly Viewer[]; readonly more: number }
  | { readonly type: "heartbeat"; readonly seq: number; readonly prev: number; readonly server_time: string; readonly walk?: number };

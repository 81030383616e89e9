// What the patient's page asks of the API, and what it tells it. Shapes: `types.ts`.

import { http, match, told } from "../api/client";
import type { Alert, AlertHistory, Page } from "../api/types";
import type * as is from "./types";

interface Of {
  readonly path: { readonly patient_id: number };
}
const of = (patientId: number): Of => ({ path: { patient_id: patientId } });
const span = (from: number, to: number): { readonly from: string; readonly to: string } => ({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });
const keyed = (key: string): { readonly "Idempotency-Key": string } => ({ "Idempotency-Key": key });

export const limits = (id: number, from: number, to: number): Promise<is.LimitSteps> =>
  told(http.GET("/api/patients/{patient_id}/plan/limits", { params: { ...of(id), query: span(from, to) } }));
export const channels = (id: number, from: number, to: number): Promise<is.Channels> =>
  told(http.GET("/api/patients/{patient_id}/waveforms/available", { params: { ...of(id), query: span(from, to) } }));
export const cells = (id: number, from: number, to: number): Promise<is.Cells> =>
  told(http.GET("/api/patients/{patient_id}/waveforms/cells", { params: { ...of(id), query: span(from, to) } }));
export const waveforms = (id: number, from: number, to: number): Promise<is.Waveforms> =>
  told(http.GET("/api/patients/{patient_id}/waveforms", { params: { ...of(id), query: span(from, to) } }));

export const alerts = (id: number, cursor: string | null): Promise<Page<Alert>> =>
  told(http.GET("/api/alerts", { params: { query: { state: "open,acknowledged,resolved", patient: id, limit: 30, ...(cursor ? { cursor } : {}) } } }));
export const alert = (alertId: number): Promise<AlertHistory> =>
  told(http.GET("/api/alerts/{alert_id}", { params: { path: { alert_id: alertId } } }));

export const events = (id: number, kinds: readonly is.EventKind[], cursor: string | null): Promise<is.EventPage> =>
  told(http.GET("/api/patients/{patient_id}/events", { params: { ...of(id), query: { kind: kinds, limit: 50, ...(cursor ? { cursor } : {}) } } }));
export const write = (id: number, key: string, body: is.EntryBody): Promise<is.Entry> =>
  told(http.POST("/api/patients/{patient_id}/events", { params: { ...of(id), header: keyed(key) }, body }));
export const readings = (id: number, key: string, body: is.ReadingsBody): Promise<is.Entry> =>
  told(http.POST("/api/patients/{patient_id}/readings", { params: { ...of(id), header: keyed(key) }, body }));
export const markRead = (id: number, eventIds: readonly number[]): Promise<is.EventPage> =>
  told(http.POST("/api/patients/{patient_id}/events/read", { params: of(id), body: { event_ids: eventIds } }));
export const inError = (id: number, eventId: number, reason: string): Promise<is.Entry> =>
  told(http.POST("/api/patients/{patient_id}/events/{event_id}/error", { params: { path: { patient_id: id, event_id: eventId } }, body: { reason } }));

export const effect = (id: number, event: number): Promise<is.Effect> =>
  told(http.GET("/api/patients/{patient_id}/effect", { params: { ...of(id), query: { event } } }));
export const report = (id: number, event: number, key: string): Promise<is.Report> =>
  told(http.POST("/api/patients/{patient_id}/effect", { params: { ...of(id), query: { event }, header: keyed(key) }, body: {} }));
export const answerReport = (reportId: number, rev: number, answer: "ok" | "adjust", note: string): Promise<is.Report> =>
  told(http.POST("/api/effect-reports/{report_id}/answer", { params: { path: { report_id: reportId }, header: match(rev) }, body: { answer, note } }));
export const seenReport = (reportId: number): Promise<is.Report> =>
  told(http.POST("/api/effect-reports/{report_id}/seen", { params: { path: { report_id: reportId } } }));

export const plan = (id: number): Promise<is.Plan> => told(http.GET("/api/patients/{patient_id}/plan", { params: of(id) }));
export const nextStep = (id: number): Promise<is.NextStep> => told(http.GET("/api/patients/{patient_id}/next-step", { params: of(id) }));
export const saveNextStep = (id: number, rev: number, body: is.StepBody): Promise<is.NextStep> =>
  told(http.PUT("/api/patients/{patient_id}/next-step", { params: { ...of(id), header: match(rev) }, body }));
export const measuring = (id: number): Promise<is.Measuring> => told(http.GET("/api/patients/{patient_id}/measuring", { params: of(id) }));
export const home = (id: number): Promise<is.Home> => told(http.GET("/api/patients/{patient_id}/home", { params: of(id) }));
export const sayLooked = (id: number): Promise<is.Seen> => told(http.POST("/api/patients/{patient_id}/seen", { params: of(id) }));

export const freeDevices = (): Promise<Page<is.DeviceRow>> =>
  told(http.GET("/api/devices", { params: { query: { unbound: true, revoked: false, limit: 100 } } }));
export const bindings = (deviceId: string): Promise<Page<is.Binding>> =>
  told(http.GET("/api/devices/{device_id}/bindings", { params: { path: { device_id: deviceId }, query: { limit: 20 } } }));
export const propose = (deviceId: string, patientId: number, key: string): Promise<is.Proposal> =>
  told(http.POST("/api/devices/{device_id}/bindings", { params: { path: { device_id: deviceId }, header: keyed(key) }, body: { patient_id: patientId } }));
export const confirm = (deviceId: string, bindingId: number, said: is.SecondIdentifier): Promise<is.Binding> =>
  told(http.POST("/api/devices/{device_id}/bindings/{binding_id}/confirm", { params: { path: { device_id: deviceId, binding_id: bindingId } }, body: said }));
export const unbind = (deviceId: string, bindingId: number, reason: string): Promise<is.Binding> =>
  told(http.POST("/api/devices/{device_id}/bindings/{binding_id}/end", { params: { path: { device_id: deviceId, binding_id: bindingId } }, body: { reason } }));

export const responsibility = (id: number): Promise<is.Responsibility> =>
  told(http.GET("/api/patients/{patient_id}/responsibility", { params: of(id) }));
export const teams = (): Promise<is.Teams> => told(http.GET("/api/teams"));

export const consents = (id: number): Promise<{ readonly items: readonly is.Consent[] }> =>
  told(http.GET("/api/patients/{patient_id}/consents", { params: of(id) }));
export const addConsent = (id: number, organisationId: number): Promise<{ readonly items: readonly is.Consent[] }> =>
  told(http.POST("/api/patients/{patient_id}/consents", { params: of(id), body: { organisation_id: organisationId } }));
export const endConsent = (id: number, consentId: number): Promise<{ readonly items: readonly is.Consent[] }> =>
  told(http.DELETE("/api/patients/{patient_id}/consents/{consent_id}", { params: { path: { patient_id: id, consent_id: consentId } } }));
export const blocks = (id: number): Promise<{ readonly items: readonly is.Block[] }> =>
  told(http.GET("/api/patients/{patient_id}/blocks", { params: of(id) }));
export const units = (id: number): Promise<{ readonly items: readonly is.Unit[] }> =>
  told(http.GET("/api/patients/{patient_id}/blocks/units", { params: of(id) }));
/** A team, or a whole organisation where there is no team. */
export const addBlock = (id: number, unit: is.Unit): Promise<{ readonly items: readonly is.Block[] }> =>
  told(
    http.POST("/api/patients/{patient_id}/blocks", {
      params: of(id),
      body: unit.team_id === null ? { organisation_id: unit.organisation_id } : { team_id: unit.team_id },
    }),
  );
export const liftBlock = (id: number, blockId: number): Promise<{ readonly items: readonly is.Block[] }> =>
  told(http.DELETE("/api/patients/{patient_id}/blocks/{block_id}", { params: { path: { patient_id: id, block_id: blockId } } }));
export const relatives = (id: number): Promise<{ readonly items: readonly is.Relative[] }> =>
  told(http.GET("/api/patients/{patient_id}/relatives", { params: of(id) }));

export const openings = (): Promise<Page<is.Opening>> => told(http.GET("/api/emergencies", { params: { query: { limit: 50 } } }));
export const openInEmergency = (id: number, reason: string): Promise<is.Opening> =>
  told(http.POST("/api/patients/{patient_id}/emergency", { params: of(id), body: { reason } }));
export const endOpening = (openingId: number): Promise<is.Opening> =>
  told(http.POST("/api/emergencies/{opening_id}/end", { params: { path: { opening_id: openingId } } }));
export const seenOpening = (openingId: number): Promise<is.Opening> =>
  told(http.POST("/api/emergencies/{opening_id}/seen", { params: { path: { opening_id: openingId } } }));
export const lookUp = (personalNumber: string, reason: string): Promise<is.Whose> =>
  told(http.POST("/api/patients/lookup", { body: { personal_number: personalNumber, reason } }));

export const cards = (id: number): Promise<{ readonly items: readonly is.AmbulanceLink[] }> =>
  told(http.GET("/api/patients/{patient_id}/ambulance-cards", { params: of(id) }));
export const makeCard = (id: number, key: string, hours: number, reason: string): Promise<is.AmbulanceLinkMade> =>
  told(http.POST("/api/patients/{patient_id}/ambulance-cards", { params: { ...of(id), header: keyed(key) }, body: { hours, reason } }));
export const revokeCard = (id: number, cardId: number): Promise<is.AmbulanceLink> =>
  told(http.POST("/api/patients/{patient_id}/ambulance-cards/{card_id}/revoke", { params: { path: { patient_id: id, card_id: cardId } } }));
export const accessLog = (id: number, cursor: string | null): Promise<Page<is.Access>> =>
  told(http.GET("/api/patients/{patient_id}/access-log", { params: { ...of(id), query: { limit: 50, ...(cursor ? { cursor } : {}) } } }));

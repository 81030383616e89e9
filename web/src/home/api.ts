// The requests of the page of patients and relatives. What is entered goes by the outbox (`outbox.ts`), never from here.

import { http, told } from "../api/client";
import type { components } from "../api/schema";
import type { History, Kind, Language, Page } from "../api/types";

type Shapes = components["schemas"];

export type Home = Shapes["HomeState"];
export type Lamp = Home["lamp"];
export type Contact = Home["contacts"][number];
export type Question = Home["questions"][number];
export type Opened = Shapes["OpenedState"];
/** A summary of the values in words, and when each value that it rests on was measured. */
export type Score = Shapes["ScoreWords"];
export type Rest = Score["rests_on"][number];
export type Opening = Shapes["OpenPage"];
export type Part = Shapes["RelativeState"]["opens"][number];
export type Relative = Shapes["RelativeState"];
export type Look = Shapes["AccessState"];
export type Consent = Shapes["ConsentState"];
export type Block = Shapes["BlockState"];
export type Unit = Shapes["BlockableState"];
export type Invitation = Shapes["InvitationState"];
export type Invited = Shapes["InvitationMade"];
export type Help = Shapes["HelpState"];
export type Due = Shapes["DueState"];
export type Typable = Shapes["KindState"];

const of = (id: number): { readonly path: { readonly patient_id: number } } => ({ path: { patient_id: id } });

export const openings = (): Promise<{ readonly items: readonly Opening[] }> => told(http.GET("/api/session/openings"));
export const home = (id: number): Promise<Home> => told(http.GET("/api/patients/{patient_id}/home", { params: of(id) }));
export const opened = (id: number): Promise<Opened> => told(http.GET("/api/patients/{patient_id}/opened", { params: of(id) }));
export const help = (id: number): Promise<Help> => told(http.GET("/api/patients/{patient_id}/help", { params: of(id) }));
export const measuring = (id: number): Promise<{ readonly due: readonly Due[] }> =>
  told(http.GET("/api/patients/{patient_id}/measuring", { params: of(id) }));
export const typable = (id: number): Promise<{ readonly items: readonly Typable[] }> =>
  told(http.GET("/api/patients/{patient_id}/readings/kinds", { params: of(id) }));
export const week = (id: number, kinds: readonly Kind[], now: number): Promise<History> =>
  told(
    http.GET("/api/patients/{patient_id}/opened/vitals", {
      params: {
        ...of(id),
        query: { kind: kinds, resolution: "1h", from: new Date(now - 7 * 86_400_000).toISOString(), to: new Date(now).toISOString() },
      },
    }),
  );
export const looks = (id: number, cursor: string | null): Promise<Page<Look>> =>
  told(
    http.GET("/api/patients/{patient_id}/access-log", {
      params: { ...of(id), query: { whose: "others", limit: 50, ...(cursor === null ? {} : { cursor }) } },
    }),
  );
export const relatives = (id: number): Promise<{ readonly items: readonly Relative[] }> =>
  told(http.GET("/api/patients/{patient_id}/relatives", { params: of(id) }));
export const change = (id: number, access: number, opens: readonly Part[]): Promise<{ readonly items: readonly Relative[] }> =>
  told(http.PUT("/api/patients/{patient_id}/relatives/{access_id}", { params: { path: { patient_id: id, access_id: access } }, body: { opens: [...opens] } }));
export const close = (id: number, access: number): Promise<{ readonly items: readonly Relative[] }> =>
  told(http.DELETE("/api/patients/{patient_id}/relatives/{access_id}", { params: { path: { patient_id: id, access_id: access } } }));

export const invitations = (id: number): Promise<{ readonly items: readonly Invitation[] }> =>
  told(http.GET("/api/patients/{patient_id}/invitations", { params: of(id) }));
export const invite = (id: number, name: string, opens: readonly Part[], language: Language): Promise<Invited> =>
  told(http.POST("/api/patients/{patient_id}/invitations", { params: of(id), body: { name, opens: [...opens], language, hours: 72 } }));
export const revoke = (id: number, invitation: number): Promise<Invitation> =>
  told(http.DELETE("/api/patients/{patient_id}/invitations/{invitation_id}", { params: { path: { patient_id: id, invitation_id: invitation } } }));

export const consents = (id: number): Promise<{ readonly items: readonly Consent[] }> => told(http.GET("/api/patients/{patient_id}/consents", { params: of(id) }));
export const endConsent = (id: number, consent: number): Promise<{ readonly items: readonly Consent[] }> =>
  told(http.DELETE("/api/patients/{patient_id}/consents/{consent_id}", { params: { path: { patient_id: id, consent_id: consent } } }));
export const blocks = (id: number): Promise<{ readonly items: readonly Block[] }> => told(http.GET("/api/patients/{patient_id}/blocks", { params: of(id) }));
export const units = (id: number): Promise<{ readonly items: readonly Unit[] }> => told(http.GET("/api/patients/{patient_id}/blocks/units", { params: of(id) }));
/** A team, or a whole organisation where there is no team. */
export const setBlock = (id: number, unit: Unit): Promise<{ readonly items: readonly Block[] }> =>
  told(
    http.POST("/api/patients/{patient_id}/blocks", {
      params: of(id),
      body: unit.team_id === null ? { organisation_id: unit.organisation_id } : { team_id: unit.team_id },
    }),
  );
export const liftBlock = (id: number, block: number): Promise<{ readonly items: readonly Block[] }> =>
  told(http.DELETE("/api/patients/{patient_id}/blocks/{block_id}", { params: { path: { patient_id: id, block_id: block } } }));

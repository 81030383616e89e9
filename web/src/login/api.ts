// The requests of who has no log-in yet, and of a second factor that is set up.

import { http, told } from "../api/client";
import type { components } from "../api/schema";

export type DrawnFactor = components["schemas"]["DrawnFactor"];
export type Invited = components["schemas"]["Invited"];

export const look = (code: string): Promise<Invited> => told(http.POST("/api/invitations/look", { body: { code } }));
export const accept = async (code: string, username: string, password: string): Promise<void> => {
  await told(http.POST("/api/invitations/accept", { body: { code, username, password } }));
};
export const drawFactor = (password: string, code?: string): Promise<DrawnFactor> =>
  told(http.POST("/api/session/factor", { body: { password, ...(code ? { code } : {}) } }));
export const removeFactor = async (password: string, code: string): Promise<void> => {
  await told(http.POST("/api/session/factor/remove", { body: { password, code } }));
};
export const confirmFactor = async (code: string): Promise<readonly string[]> =>
  (await told(http.POST("/api/session/factor/confirm", { body: { code } }))).recovery_codes;

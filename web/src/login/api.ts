// The requests of who has no log-in yet: an invitation looked at, and used.

import { http, told } from "../api/client";
import type { components } from "../api/schema";

export type Invited = components["schemas"]["Invited"];

export const look = (code: string): Promise<Invited> => told(http.POST("/api/invitations/look", { body: { code } }));
export const accept = async (code: string, username: string, password: string): Promise<void> => {
  await told(http.POST("/api/invitations/accept", { body: { code, username, password } }));
};

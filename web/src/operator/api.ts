// The requests of the operator's page.

import { http, told } from "../api/client";
import type { components } from "../api/schema";
import { unlessGone } from "../shell/waker";
import type { Typed, Ways } from "../shell/ways";

export type Chores = components["schemas"]["ChoresState"];
export type Standing = Chores["backup"]["standing"];

export const chores = (): Promise<Chores> => told(http.GET("/api/platform/chores"));
export const teams = async (): Promise<components["schemas"]["TeamList"]["items"]> => (await told(http.GET("/api/teams"))).items;
const ofTeam = (team: number): { readonly path: { readonly team_id: number } } => ({ path: { team_id: team } });
export const ways = (team: number): Promise<Ways> => told(http.GET("/api/teams/{team_id}/channels", { params: ofTeam(team) }));
export const addWay = (team: number, kind: Typed, address: string): Promise<Ways> =>
  told(http.POST("/api/teams/{team_id}/channels", { params: ofTeam(team), body: { kind, address, mode: "real" } }));
export const removeWay = (team: number, id: number): Promise<void> =>
  told(http.DELETE("/api/teams/{team_id}/channels/{channel_id}", { params: { path: { team_id: team, channel_id: id } } })).then(() => undefined, unlessGone);

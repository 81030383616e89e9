// The requests of the operator's page.

import { http, told } from "../api/client";
import type { components } from "../api/schema";

export type Chores = components["schemas"]["ChoresState"];
export type Standing = Chores["backup"]["standing"];

export const chores = (): Promise<Chores> => told(http.GET("/api/platform/chores"));

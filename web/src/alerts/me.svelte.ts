// Who sits at this screen, as far as alerts are concerned.

import { who } from "../shell/session.svelte";
import type { Me } from "./acts";

/** Nobody in particular has the number 0: they are offered everything, and the API decides. */
export const me = (): Me => ({
  staffId: who.session?.staff?.staff_id ?? 0,
  teamIds: (who.session?.teams ?? []).map((team) => team.team_id),
});

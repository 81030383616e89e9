// When a screen that hangs on a wall loads itself anew. Pure. It does so when it has been out of contact for long, and
// once a day at a quiet time for a new version; never while something rings, unless it cannot tell any more.

export interface Vitality {
  /** Seconds since the server was last heard, null before the first time. */
  readonly heardS: number | null;
  readonly upS: number;
  readonly ringing: boolean;
}

const DEAD_S = 60;
const OLD_S = 24 * 3600;

/** Says whether the page should be loaded anew; whoever does it asks first whether the server answers at all. */
export function tired({ heardS, upS, ringing }: Vitality): boolean {
  const dead = (heardS ?? upS) > DEAD_S;
  return dead || (upS > OLD_S && !ringing);
}

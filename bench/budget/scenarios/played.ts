import type { Stage } from '../stage.ts';

/** How a scenario went, once it has come to its end. */
export interface Played {
  readonly seconds: number;
  /** How long each of its addresses took, ms. */
  readonly waitsMs: readonly number[];
  /** For `--details`. */
  readonly details?: Readonly<Record<string, number>>;
}

/** Plays a scenario. @throws where it does not come to its end. */
export type Play = (stage: Stage) => Promise<Played>;

const LONGEST_MS = 3_600_000;

/** Waits for the end of a scenario. @throws where it does not come within an hour. */
export async function untilEnd({ drive }: Stage, ended: () => boolean): Promise<void> {
  if (!(await drive(ended, LONGEST_MS))) throw new Error('the scenario did not come to its end');
}

/** Notes when `state` was first seen, in milliseconds since the scenario began. */
export function firstSeen(stage: Stage, state: () => boolean): () => number | undefined {
  let at: number | undefined;
  return () => {
    if (at === undefined && state()) at = stage.sinceBegin();
    return at;
  };
}

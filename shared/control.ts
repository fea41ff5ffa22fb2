import * as z from 'zod';
import { POLICIES, type Policy, STOPPED } from './plan/policy.ts';

/*
 * What an operator says while the functions run, without a deployment: one parameter of SSM for a stage.
 * `multus-eni stop` and `resume` write it, the functions read it (docs/decisions/0027).
 */

/** Stands for every cluster of the stage. */
export const EVERY_CLUSTER = '*';

const stop = z.strictObject({
  cluster: z.string().min(1).max(100),
  /** What is still done there. */
  policy: z.enum(['dry-run', 'upsert-only']),
  since: z.iso.datetime({ offset: true }),
  why: z.string().max(200).optional(),
});

const letGo = z.strictObject({
  cluster: z.string().min(1).max(100),
  until: z.iso.datetime({ offset: true }),
});

const control = z.strictObject({
  stops: z.array(stop).default([]),
  /** The nodes on which what the brake withholds may be released, and until when. */
  releases: z.array(letGo).default([]),
});

export type Stop = z.infer<typeof stop>;
export type Control = z.infer<typeof control>;

/** Nothing is stopped. */
export const NO_CONTROL: Control = { stops: [], releases: [] };

/** The name of a stage's parameter. */
export function controlName(stage: string): string {
  return `/multus-eni-reconciler/${stage}/control`;
}

/** The parameter that says which stage serves a cluster, the same for all stages of an account and Region. */
export function ownerName(cluster: string): string {
  return `/multus-eni-reconciler-owners/${cluster}`;
}

/**
 * Reads a parameter's text; none stands for nothing.
 *
 * @throws an Error that says what is wrong with it.
 */
export function controlFrom(text: string | undefined): Control {
  if (text === undefined) return NO_CONTROL;
  return control.parse(JSON.parse(text));
}

/** The stop that counts in a cluster: the strictest of its own and that of every cluster. */
export function stopOf({ stops }: Control, cluster: string): Stop | undefined {
  const its = stops.filter((each) => each.cluster === cluster || each.cluster === EVERY_CLUSTER);
  return its.find(({ policy }) => policy === 'dry-run') ?? its[0];
}

/** What may be done in a cluster: what its configuration allows, and no stop forbids. */
export function stoppedBy(configured: Policy, stop: Pick<Stop, 'policy'> | undefined): Policy {
  if (stop?.policy === 'dry-run') return STOPPED;
  if (stop === undefined || configured.name === 'dry-run') return configured;
  return POLICIES[stop.policy];
}

/** Whether an operator lets go what the brake withholds. @param now ms since the epoch. */
export function letsGo({ releases }: Control, cluster: string, now: number): boolean {
  return releases.some((each) => each.cluster === cluster && Date.parse(each.until) > now);
}

import type { KubeObject } from '../../../sandbox/kubernetes/object.ts';
import type { Config } from '../../../shared/config.ts';
import { type Control, EVERY_CLUSTER } from '../../../shared/control.ts';
import { podOf } from '../world/kubernetes.ts';
import type { Life } from './life.ts';
import { type Acting, currentReading } from './reconciles.ts';

/** The processes that are configured to change nothing. */
const dry = new WeakSet<Life>();

export function configuredFor(life: Life, { clusters }: Config): void {
  if (clusters.some(({ policy }) => policy.name === 'dry-run')) dry.add(life);
}

/** A pod's object has changed. */
export interface PodChange {
  readonly object: KubeObject;
  readonly previous?: KubeObject | undefined;
}

/**
 * A pod that was told True may be ready by that: a dry run takes it from none whose pods it listed since
 * (docs/design.md, "A dry run").
 */
export function watchDryRun(step: () => number, violate: (what: string) => void) {
  /** The step at which each pod was told True, by uid. */
  const toldTrue = new Map<string, number>();
  return ({ object, previous }: PodChange): void => {
    const { name, uid } = object.metadata;
    const wasTrue = previous !== undefined && podOf(previous).condition?.status === 'True';
    const { condition } = podOf(object);
    if (!wasTrue && condition?.status === 'True') toldTrue.set(uid, step());
    if (!wasTrue || condition?.reason !== 'DryRun') return;
    const listedAt = Math.max(...(currentReading()?.last.values() ?? []));
    if (listedAt >= (toldTrue.get(uid) ?? 0))
      violate(`${name} was told True, and then of a dry run`);
  };
}

/** A stop takes effect within ten seconds (docs/runbook.md). ms */
const TAKES_EFFECT_MS = 10_000;
/** An answer that did not come counts for as long. ms */
const ASKED_AGAIN_MS = 10_000;
/** A take-over that began with an Unassign is ended with its Assign for so long. */
const COMPLETED_WITHIN_MS = 30_000;

/**
 * Holds each change of EC2 against what its process knew of what is stopped. Who was told of a stop keeps to
 * it. Who was never told anything releases nothing. Who gets answers rests on none that is older than ten
 * seconds; who gets none goes on with the last one.
 */
export function watchStops(violate: (what: string) => void) {
  /** What each process took from an ENI, and when, ms. */
  const taken = new WeakMap<Life, Map<string, number>>();
  const judge = (by: Acting, text: string, isAllowed: (policy?: string) => boolean): void => {
    if (dry.has(by.life)) violate(`${text}, though the policy is dry-run`);
    const { told, failedAt = Number.NEGATIVE_INFINITY } = by.control;
    const stop = told && strictest(told.control, by.reading?.cluster ?? '');
    if (!isAllowed(told === undefined ? 'unknown' : stop?.policy)) {
      violate(
        `${text}, though ${told === undefined ? 'nothing is known of stops' : `there is ${stop?.policy}`}`,
      );
    }
    const age = by.sentAt - (told?.askedAt ?? by.sentAt);
    if (age <= TAKES_EFFECT_MS || by.sentAt - failedAt <= ASKED_AGAIN_MS) return;
    violate(`${text}: what it knows of stops is ${age} ms old`);
  };
  return {
    removed(by: Acting, address: string): void {
      judge(by, `${address} was unassigned`, (policy) => policy === undefined);
      const all = taken.get(by.life) ?? new Map<string, number>();
      taken.set(by.life, all.set(address, by.sentAt));
    },
    added(by: Acting, address: string): void {
      const at = taken.get(by.life)?.get(address) ?? Number.NEGATIVE_INFINITY;
      const completes = by.sentAt - at < COMPLETED_WITHIN_MS;
      judge(by, `${address} was assigned`, (policy) => policy !== 'dry-run' || completes);
    },
  };
}

/** As docs/decisions/0027 has it, and not by the product's own reading of it, which is what is judged. */
function strictest({ stops }: Control, name: string): Control['stops'][number] | undefined {
  return stops
    .filter(({ cluster }) => cluster === name || cluster === EVERY_CLUSTER)
    .toSorted((one, other) => one.policy.localeCompare(other.policy))[0];
}

import {
  type Control,
  controlFrom,
  controlName,
  letsGo,
  NO_CONTROL,
  ownerName,
  stopOf,
  stoppedBy,
} from '../shared/control.ts';
import type { Ec2 } from '../shared/enis/ec2.ts';
import { POLICIES, type Policy, STOPPED } from '../shared/plan/policy.ts';
import { ALL_CLUSTERS, type Telemetry } from '../shared/telemetry.ts';
import type { Clock } from '../shared/time/clock.ts';
import { withDeadline } from '../shared/time/deadline.ts';
import type { ReadSettings } from './served-clusters.ts';
import { stoppable } from './stoppable.ts';

/** What an operator, and the stage that a cluster belongs to, allow at this moment. */
export interface Controls {
  /** What may be done in a cluster, by what is known now or read at once. Never rejects. */
  policyOf(cluster: string, configured: Policy): Promise<Policy>;
  /** The stage that serves the cluster, if that is another one, as it was read last. */
  otherOwner(cluster: string): string | undefined;
  /** Whether what is stopped was ever read, or cannot be stopped: otherwise nothing is released. */
  isKnown(): boolean;
  /** Whether what the brake withholds may be released, as it was read last. */
  letsGo(cluster: string): boolean;
  /** The same client; it sends no call that a stop forbids, as that is known when the call is sent. */
  stoppable(ec2: Ec2, cluster: string): Ec2;
}

/** How old the stops may be before they are read again. */
const STOPS_FRESH_MS = 5_000;
/**
 * How old the last answer may be when an address is released, because a stop takes effect within ten seconds.
 * A read that is under way is no answer yet.
 */
const LONGEST_UNANSWERED_MS = 9_000;
const OWNER_FRESH_MS = 60_000;
/** How long anybody waits for SSM. After that, the last answer counts. */
const LONGEST_READ_MS = 1_000;
/** @param stage absent if the version that deployed the functions did not tell it. Then nothing is read. */
export function createControls(
  stage: string | undefined,
  read: ReadSettings,
  { clock, telemetry }: { readonly clock: Clock; readonly telemetry: Telemetry },
): Controls {
  const reading = <T>(name: string, freshMs: number, parse: (text: string | undefined) => T) =>
    remembered(clock, freshMs, {
      read: () =>
        withDeadline(clock, LONGEST_READ_MS, undefined, async () => parse(await read(name))),
      failed(error) {
        telemetry.error('SSM was not read: what is known counts on', {}, error);
        telemetry.metric('ControlUnreadable', ALL_CLUSTERS, 1);
      },
    });
  const stops =
    stage === undefined ? undefined : reading(controlName(stage), STOPS_FRESH_MS, controlFrom);
  const owners = new Map<string, ReturnType<typeof reading<string | undefined>>>();
  const ownerOf = (cluster: string) => {
    const known =
      owners.get(cluster) ?? reading(ownerName(cluster), OWNER_FRESH_MS, (text) => text);
    owners.set(cluster, known);
    return known;
  };

  const otherOwner = (cluster: string): string | undefined => {
    const owner = owners.get(cluster)?.last()?.value;
    return owner === stage ? undefined : owner;
  };
  const control = (): Control => stops?.last()?.value ?? NO_CONTROL;
  const allowed = (cluster: string, configured: Policy): Policy => {
    if (stops === undefined) return configured;
    if (otherOwner(cluster) !== undefined) return STOPPED;
    // Until it was read once nobody knows whether releases are stopped: they can wait, and pods cannot.
    const stop =
      stops.last() === undefined ? { policy: 'upsert-only' as const } : stopOf(control(), cluster);
    return stoppedBy(configured, stop);
  };

  return {
    otherOwner,
    isKnown: () => stops === undefined || stops.last() !== undefined,
    letsGo: (cluster) => letsGo(control(), cluster, clock.now()),
    async policyOf(cluster, configured) {
      if (stops !== undefined) await Promise.all([stops.refresh(), ownerOf(cluster).refresh()]);
      return allowed(cluster, configured);
    },
    stoppable: (ec2, cluster) =>
      stops === undefined
        ? ec2
        : stoppable(ec2, {
            cluster,
            clock,
            refresh: stops.refresh,
            isOld: () => clock.now() - (stops.last()?.at ?? clock.now()) > STOPS_FRESH_MS,
            isUnanswered: () => clock.now() - stops.answeredFor() > LONGEST_UNANSWERED_MS,
            allowed: () => allowed(cluster, POLICIES.sync),
          }),
  };
}

interface Remembered<T> {
  /** Reads it again if it is not fresh; one read at a time. Never rejects. */
  refresh(): Promise<void>;
  /** What was read last, and when it was asked for, ms since the epoch. */
  last(): { readonly at: number; readonly value: T } | undefined;
  /** When the last read that has ended was begun, also if it failed: ms since the epoch. */
  answeredFor(): number;
}

function remembered<T>(
  clock: Clock,
  freshMs: number,
  of: { readonly read: () => Promise<T>; readonly failed: (error: unknown) => void },
): Remembered<T> {
  let last: { readonly at: number; readonly value: T } | undefined;
  let asking: Promise<void> | undefined;
  let askedAt = -Infinity;
  let answeredFor = -Infinity;
  return {
    last: () => last,
    answeredFor: () => answeredFor,
    refresh() {
      if (asking !== undefined) return asking;
      // What failed is asked again no sooner than what was read.
      if (clock.now() - askedAt < freshMs) return Promise.resolve();
      askedAt = clock.now();
      const at = askedAt;
      asking = of
        .read()
        .then((value) => {
          last = { at, value };
        }, of.failed)
        .finally(() => {
          asking = undefined;
          answeredFor = at;
        });
      return asking;
    },
  };
}

import { onTestFinished } from 'vitest';
import type { Clients } from '../../../functions/context.ts';
import { type VirtualClock, virtualClock } from '../../../sandbox/clock.ts';
import { type Bed, startBed } from '../../support/bed.ts';
import {
  type ClientCall,
  type Interposer,
  interposed,
  interposedMethods,
} from '../../support/interposed.ts';
import { quiet } from '../../support/quiet.ts';

type Hangs = (call: ClientCall) => boolean;

/** A bed of which some calls are never answered, and which does not heed that they are given up. */
export interface HangingBed {
  readonly bed: Bed;
  readonly clock: VirtualClock;
  /** From now on these calls hang. */
  hang(which: Hangs): void;
  /** The names of the calls that hang. */
  hung(): readonly string[];
  /** Lets time pass wherever nothing else goes on, until `work` is done. @returns how much did, ms. */
  passTime<T>(work: Promise<T>): Promise<{ readonly result: T; readonly ms: number }>;
}

const STEP_MS = 250;
/** By then SQS hands the messages of a batch out again. */
const ENDLESS_MS = 360_000;

/** @param variables of the functions, beside those of the sandbox. */
export async function startHangingBed(
  clusters?: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<HangingBed> {
  const clock = virtualClock(Math.floor(Date.now() / 1000) * 1000);
  const hung: string[] = [];
  let hangs: Hangs = () => false;
  let busy = 0;

  const through: Interposer = (call, make) => {
    if (hangs(call)) {
      hung.push(call.name);
      return new Promise<never>(() => undefined);
    }
    busy += 1;
    return make().finally(() => {
      busy -= 1;
    });
  };
  const wrap = (clients: Clients): Clients => ({
    ...interposed(clients, through),
    kubernetesOf: ({ name }) =>
      through({ name: 'DescribeCluster', input: name }, async () =>
        interposedMethods(name, await clients.kubernetesOf({ name }), through),
      ),
  });
  const bed = await startBed({ clock, wrap, clusters, variables });
  onTestFinished(() => bed.stop());

  return {
    bed,
    clock,
    hang(which) {
      hangs = which;
    },
    hung: () => hung,
    async passTime(work) {
      const begun = clock.now();
      let isOver = false;
      const watched = work.finally(() => {
        isOver = true;
      });
      watched.catch(() => undefined);
      for (await quiet(() => busy > 0); !isOver; await quiet(() => busy > 0)) {
        if (clock.now() - begun > ENDLESS_MS) throw new Error('it waits for ever');
        clock.advance(STEP_MS);
      }
      return { result: await watched, ms: clock.now() - begun };
    },
  };
}

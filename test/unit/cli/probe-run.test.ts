import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { ProbePods } from '../../../cli/probe/pods.ts';
import { type ProbeRun, watchRun } from '../../../cli/probe/run.ts';
import type { ProbeSeen } from '../../../cli/probe/seen.ts';
import { virtualClock } from '../../../sandbox/clock.ts';
import { NETWORK_STATUS } from '../../../shared/cluster/annotations.ts';
import { CONDITION_TYPE } from '../../../shared/cluster/kubernetes.ts';
import { ApiError } from '../../../shared/cluster/transport.ts';
import type { ProbeReport } from '../../../shared/probe.ts';

const RUN: ProbeRun = {
  run: 'r',
  network: 'default/net',
  sides: [
    { node: 'a', pod: 'probe-a' },
    { node: 'b', pod: 'probe-b' },
  ],
  seconds: 90,
};

/** A pod whose container runs, and, if it is attached, has its address. */
function podObject(name: string, ip: string | undefined): object {
  const attached = [{ name: 'default/net', interface: 'net1', ips: [ip], dns: {} }];
  const isAssigned = { type: CONDITION_TYPE, status: 'True', reason: 'Assigned', message: '' };
  return {
    metadata: {
      ...{ name, namespace: 'default', uid: name, creationTimestamp: '2026-01-01T00:00:00Z' },
      annotations: ip === undefined ? {} : { [NETWORK_STATUS]: JSON.stringify(attached) },
    },
    spec: { nodeName: name, containers: [{ name: 'probe' }] },
    status: {
      phase: 'Running',
      conditions: ip === undefined ? [] : [isAssigned],
      containerStatuses: [{ state: { running: {} } }],
    },
  };
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));

/** A request that is under way until the run ends. */
const endless: ProbePods['log'] = async (_name, _told, signal) => {
  await untilAborted(signal);
  signal.throwIfAborted();
};

/** Watches two pods that say nothing, until a verdict. @returns what was seen, and after how many seconds. */
async function watched(
  ips: readonly (string | undefined)[],
  log: ProbePods['log'] = endless,
): Promise<{ readonly seen: ProbeSeen; readonly seconds: number }> {
  const clock = virtualClock();
  const begun = clock.now();
  const pods: ProbePods = {
    refused: async () => [],
    create: async () => {},
    order: async () => {},
    async follow(_run, told, signal) {
      for (const [index, { pod }] of RUN.sides.entries()) told(podObject(pod, ips[index]), false);
      await untilAborted(signal);
    },
    log,
    warnings: async () => [],
    removeAll: async () => ({ removed: 0, left: [] }),
  };
  let seen: ProbeSeen | undefined;
  const watching = watchRun(RUN, pods, clock, new AbortController().signal).then((all) => {
    seen = all;
  });
  while (seen === undefined) {
    await setImmediate();
    clock.advance(50);
  }
  await watching;
  return { seen, seconds: (clock.now() - begun) / 1000 };
}

test('pods that have said nothing yet are waited for, as long as it may take', async () => {
  const { seconds, seen } = await watched(['172.16.1.70', '172.16.1.71']);
  expect(seconds).toBeGreaterThanOrEqual(RUN.seconds);
  expect(seen.sides[0].unread).toBeUndefined();
});

test('pods whose logs cannot be read are not, and it is known why', async () => {
  const log = async () => {
    const message = 'dial tcp 172.20.1.4:10250: i/o timeout';
    throw new ApiError(500, 'GET …/log', JSON.stringify({ kind: 'Status', message }));
  };
  const { seconds, seen } = await watched(['172.16.1.70', '172.16.1.71'], log);
  expect(seconds).toBeLessThan(RUN.seconds / 2);
  expect(seen.sides[0].unread).toContain('10250: i/o timeout');
});

test('a log whose connection broke is read again, for as long as it may take', async () => {
  const log = async () => {
    throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
  };
  const { seconds, seen } = await watched(['172.16.1.70', '172.16.1.71'], log);
  expect(seconds).toBeGreaterThanOrEqual(RUN.seconds);
  expect(seen.sides[0].unread).toContain('ECONNRESET');
});

test('why a log cannot be read is known also if the time is up during the next try', async () => {
  const tried = new Set<string>();
  const log: ProbePods['log'] = async (name, told, signal) => {
    if (tried.has(name)) return endless(name, told, signal);
    tried.add(name);
    throw new Error('no answer to GET …/log in 60000 ms');
  };
  const { seconds, seen } = await watched(['172.16.1.70', '172.16.1.71'], log);
  expect(seconds).toBeGreaterThanOrEqual(RUN.seconds);
  expect(seen.sides[0].unread).toContain('no answer to GET …/log');
});

/** A pod that the other one has answered, and that finds out how long packets may be. */
const tries = (isDone: boolean): ProbePods['log'] => {
  const report: ProbeReport = {
    run: RUN.run,
    link: { up: true, state: 'up', mtu: 1500 },
    reversePath: { mode: 0, dropped: 0 },
    duplicates: [],
    leaves: { peer: 'net1' },
    gateway: { answered: 0 },
    peer: { answered: 3, pinged: 3, received: 3 },
    longest: { tried: 1500, passed: 1400, done: isDone },
  };
  return (name, told, signal) => {
    told(JSON.stringify(report));
    return endless(name, told, signal);
  };
};

test('pods that have not tried all lengths yet are waited for, as slowly as they run', async () => {
  const { seconds } = await watched(['172.16.1.70', '172.16.1.71'], tries(false));
  expect(seconds).toBeGreaterThanOrEqual(RUN.seconds);
});

test('pods of which one length gets lost are not, once they have tried all', async () => {
  const { seconds } = await watched(['172.16.1.70', '172.16.1.71'], tries(true));
  expect(seconds).toBeLessThan(RUN.seconds / 2);
});

test('pods that run and were not attached have nothing to say', async () => {
  const { seconds } = await watched([undefined, undefined]);
  expect(seconds).toBeLessThan(RUN.seconds / 2);
});

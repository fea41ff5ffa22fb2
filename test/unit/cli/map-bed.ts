import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { State } from '../../../console/data.ts';
import { systemClock } from '../../../shared/time/clock.ts';
import { NET_1 } from '../../support/networks.ts';
import type { PodSpec } from '../../support/stage.ts';
import { type OperatorBed, operate, operatorBed } from './operator-bed.ts';

/** Later than anything on its way takes: what is missing by then is missing. */
const LATER = { ...systemClock, now: () => systemClock.now() + 120_000 };

/** The addresses of the scene, by what each is brought into. */
export const SCENE: Readonly<Record<Exclude<State, 'primary'>, string>> = {
  assigned: '172.16.1.70',
  missing: '172.16.1.71',
  'on-its-way': '172.16.1.72',
  conflict: '172.16.1.73',
  problem: '172.16.1.2',
  leaked: '172.16.1.100',
  foreign: '172.16.1.200',
};

/** A cluster in which an address is in each state of the map; nothing is reconciled. */
export async function mapScene(): Promise<OperatorBed> {
  const operator = await operatorBed();
  const { cluster, cloud } = operator;
  const [a, b] = operator.workers;
  // Two ENIs in one subnet: an address may be on the wrong one.
  const c = await cluster.addWorker({ subnets: ['multus1', 'multus1'] });
  if (a === undefined || b === undefined) throw new Error('two workers');
  await cluster.applyNetwork(NET_1);
  const claim = (name: string, on: PodSpec['on'], ip: string) =>
    cluster.runPod(name, { on, networks: [{ network: NET_1, ips: [ip] }] });
  await claim('has-it', a, SCENE.assigned);
  await claim('lacks-it', a, SCENE.missing);
  await claim('gets-it', c, SCENE['on-its-way']);
  await claim('holder', a, SCENE.conflict);
  await claim('loser', b, SCENE.conflict);
  await claim('asks-wrongly', b, SCENE.problem);
  await cloud.assign(a.eth1, [SCENE.assigned, SCENE.conflict, SCENE.leaked, SCENE.foreign]);
  await cloud.assign(c.eth2, [SCENE['on-its-way']]);
  await operator.operate(['ledger', 'adopt', a.eth1, SCENE.leaked]);
  await operator.operate(['ledger', 'adopt', c.eth2, SCENE['on-its-way']]);
  return operator;
}

/** A map that is served. */
export interface ServedMap {
  readonly url: string;
  /** Ends it. @returns its exit code. */
  stop(): Promise<number>;
}

/** Runs `multus-eni map` in this process, two minutes from now unless told otherwise. */
export async function serveMap(
  operator: OperatorBed,
  { clock = LATER, args = [] as readonly string[] } = {},
): Promise<ServedMap> {
  const ending = new AbortController();
  let said = '';
  const ended = operate(['map', '--json', ...args], {
    environment: { HOME: '/nonexistent', KUBECONFIG: operator.kubeconfig },
    clock,
    stdout: { write: (text: string) => (said += text) },
    interrupted: () => ending.signal,
  });
  const stop = async (): Promise<number> => {
    ending.abort();
    return (await ended).code;
  };
  onTestFinished(() => void stop());
  const failed = ended.then(({ code, stderr }) => {
    throw new Error(`ended with ${code}: ${stderr}`);
  });
  failed.catch(() => undefined);
  const url = async (): Promise<string> => {
    for (;;) {
      const [, found] = /"url": "([^"]+)"/.exec(said) ?? [];
      if (found !== undefined) return found;
      await sleep(5);
    }
  };
  return { url: await Promise.race([url(), failed]), stop };
}

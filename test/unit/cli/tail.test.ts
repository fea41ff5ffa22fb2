import { expect, test } from 'vitest';
import { NET_1 } from '../../support/networks.ts';
import { eventually } from '../../support/wait.ts';
import { operatorBed, tooWide } from './operator-bed.ts';

test('tail tells what becomes of addresses, until Ctrl-C', async () => {
  const { bed, cluster, workers, operate } = await operatorBed();
  const [a] = workers;
  if (a === undefined) throw new Error('a worker');
  await cluster.applyNetwork(NET_1);
  await bed.startForwarder();
  bed.startDelivery();
  const ending = new AbortController();
  let said = '';
  const tailing = operate(['tail'], {
    stdout: { write: (text: string) => (said += text) },
    interrupted: () => ending.signal,
  });
  await eventually(() => said).toContain('2 nodes; what changes, until Ctrl-C:');
  await cluster.runPod('app', { on: a, networks: [{ network: NET_1, ips: ['172.16.1.70'] }] });
  const text = () => said.replaceAll(/\s+/g, ' ');
  await eventually(text).toMatch(
    new RegExp(`Z 172\\.16\\.1\\.70: .*→ assigned and claimed, default/app, on ${a.name}`),
  );
  expect(tooWide(said)).toEqual([]);
  ending.abort();
  expect((await tailing).code).toBe(130);
});

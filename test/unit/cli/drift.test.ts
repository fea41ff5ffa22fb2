import { describe, expect, test } from 'vitest';
import { NET_1 } from '../../support/networks.ts';
import { eventually } from '../../support/wait.ts';
import { operatorBed, tooWide } from './operator-bed.ts';

const X = '172.16.1.70';

async function drifting() {
  const operator = await operatorBed();
  const { cluster, workers, cloud } = operator;
  const [a] = workers;
  if (a === undefined) throw new Error('a worker');
  await cluster.applyNetwork(NET_1);
  await cluster.runPod('app', { on: a, networks: [{ network: NET_1, ips: [X] }] });
  await cloud.assign(a.eth1, ['172.16.1.100', '172.16.1.200']);
  await operator.operate(['ledger', 'adopt', a.eth1, '172.16.1.100']);
  const json = async () => JSON.parse((await operator.operate(['drift', '--json'])).stdout);
  await eventually(async () => (await json()).clusters[0].counts.missing).toBe(1);
  return { ...operator, a, json };
}

describe('drift', () => {
  test('names every address that a reconcile would do something about, and why', async () => {
    const { operate, a } = await drifting();
    const { code, stdout, stderr } = await operate(['drift']);
    expect({ code, stderr }).toEqual({ code: 4, stderr: '' });
    expect(stdout).toContain('2 nodes, 3 pods, 6 ENIs: 1 missing, 1 leaked, 1 foreign');
    const text = stdout.replaceAll(/\s+/g, ' ');
    expect(text).toContain(`${X} missing on ${a.eth1}, claimed by default/app`);
    expect(text).toContain(`172.16.1.100 leaked on ${a.eth1}: claimed by nobody: to be released`);
    expect(text).toContain(
      `172.16.1.200 foreign on ${a.eth1}: claimed by nobody, in no ENILedger: left alone. If it is ours: multus-eni ledger adopt ${a.eth1} 172.16.1.200`,
    );
    expect(text).toContain(`A reconcile would change something at ${a.name}.`);
    expect(tooWide(stdout)).toEqual([]);
  });

  test('counts what a sweep of the functions counts', async () => {
    const { bed, json } = await drifting();
    await bed.sweep();
    const { counts } = (await json()).clusters[0];
    const { telemetry } = bed;
    expect(counts).toMatchObject({
      missing: telemetry.total('DriftMissing'),
      leaked: telemetry.total('DriftLeaked'),
      foreign: telemetry.total('DriftForeign'),
      conflict: telemetry.total('DriftConflicting'),
      full: telemetry.total('DriftFull'),
    });
  });

  test('ends with 4 only for what it is to fail on', async () => {
    const { operate } = await drifting();
    expect((await operate(['drift', '--fail-on', 'leaked'])).code).toBe(4);
    expect((await operate(['drift', '--fail-on', 'conflict,full'])).code).toBe(0);
    const wrong = await operate(['drift', '--fail-on', 'lost']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('there are missing, leaked, foreign, conflict, full, problem');
  });

  test('sends nothing that changes anything', async () => {
    const { operate, bed } = await drifting();
    const before = bed.world.ec2.calls.all().length;
    await operate(['drift']);
    const actions = bed.world.ec2.calls
      .all()
      .slice(before)
      .map(({ action }) => action);
    expect(actions.length).toBeGreaterThan(0);
    expect(actions.filter((action) => !action.startsWith('Describe'))).toEqual([]);
  });
});

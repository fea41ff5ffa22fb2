import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { configureStage } from '../../../sandbox/world.ts';
import { NET_1 } from '../../support/networks.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { eventually } from '../../support/wait.ts';
import { FITTING } from './doctor-bed.ts';
import { embedded, operatorBed, tooWide } from './operator-bed.ts';

const statusOf = z.object({
  clusters: z.tuple([z.object({ rooms: z.array(z.looseObject({ node: z.string() })) })]),
});

async function running() {
  const operator = await operatorBed();
  const { bed } = operator;
  const { cloudWatch } = bed.world;
  await bed.startForwarder();
  cloudWatch.log('sweep', embedded('sweep', { SweepCompleted: 1 }));
  cloudWatch.log('reconcile', embedded('reconcile', { ForwarderHeartbeat: 1, Ec2Throttles: 7 }));
  return { ...operator, cloudWatch };
}

describe('status', () => {
  test('says on one screen who leads, what waits, what the sweep found and which alarms are on', async () => {
    const { operate } = await running();
    await eventually(async () => (await operate(['status', '--stage', 'demo'])).stdout).toMatch(
      /forwarder +forwarder-\S+ leads, renewed \d s ago/,
    );
    const { code, stdout, stderr } = await operate(['status', '--stage', 'demo']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/heartbeat +\d+ s ago/);
    expect(stdout).toMatch(/sweep +\d+ s ago: no drift/);
    expect(stdout).toMatch(/queue +\d+ messages? waiting, \d+ in flight; 0 dead letters/);
    expect(stdout).toMatch(/EC2 +7 calls throttled in the last hour/);
    expect(stdout).toMatch(/alarms +none is on/);
    expect(stdout).toMatch(/nodes +2 nodes, 2 pods, 6 ENIs: no drift/);
    expect(stdout).toMatch(/ledgers +0 entries in 0 ledgers/);
    expect(stdout).toMatch(/room +4 of 40 IPv4 addresses of the ENIs are in use/);
    expect(stdout.split('\n').length).toBeLessThan(24);
    expect(tooWide(stdout)).toEqual([]);
  });

  test('counts what an earlier sweep found as gone, if the last one says nothing of it', async () => {
    const { operate, cloudWatch } = await running();
    const before = embedded('sweep', { SweepCompleted: 1, DriftFull: 3 }, Date.now() - 600_000);
    cloudWatch.log('sweep', before);
    const { stdout } = await operate(['status', '--stage', 'demo']);
    expect(stdout).toMatch(/sweep +\d+ s ago: no drift/);
  });

  test('is red, and ends with 4, if an alarm is on or an address is missing', async () => {
    const { operate, cloudWatch, cluster, workers } = await running();
    const name = 'multus-eni-reconciler-demo-dead-letter-queue-not-empty';
    cloudWatch.setAlarm({ name, state: 'ALARM', reason: 'it is not empty' });
    const [a] = workers;
    await cluster.applyNetwork(NET_1);
    await cluster.runPod('app', {
      on: { name: a?.name ?? '' },
      networks: [{ network: NET_1, ips: ['172.16.1.70'] }],
    });
    let printed = '';
    const stdout = { isTTY: true, write: (text: string) => (printed += text) };
    await eventually(async () => {
      printed = '';
      const { code } = await operate(['status', '--stage', 'demo'], { stdout });
      return { code, isMissing: printed.includes('1 missing') };
    }).toEqual({ code: 4, isMissing: true });
    expect(printed).toContain('\u001b[31m  alarms      dead-letter-queue-not-empty');
  });

  test('gives what can be read, and names what cannot', async () => {
    const { operate, bed } = await running();
    bed.world.ec2.faults.add({
      action: 'DescribeNetworkInterfaces',
      times: 100,
      effect: { kind: 'error', code: 'UnauthorizedOperation' },
    });
    const { code, stdout } = await operate(['status', '--stage', 'demo']);
    expect(code).toBe(1);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('your role lacks this permission');
    expect(stdout).toMatch(/alarms +none is on/);
  });

  test('says how far ahead calls are booked, if a table is named; and that it is missing', async () => {
    const { operate, bed } = await running();
    const { world } = bed;
    const look = async () => (await operate(['status', '--stage', 'demo'])).stdout;
    expect(await look()).not.toContain('booked');
    const EC2_BUDGET = JSON.stringify({ writers: 4, table: 'bookings' });
    configureStage(world, { ...world.environment, EC2_BUDGET });
    expect((await look()).replaceAll(/\s+/g, ' ')).toContain(
      "booked not known: could not read the table bookings of EC2's calls: ResourceNotFoundException",
    );
    const { tables } = world.dynamoDb;
    tables.create('bookings', 'action');
    expect(await look()).toMatch(/booked +nothing yet, in bookings/);
    const now = Date.now();
    tables.put('bookings', 'AssignPrivateIpAddresses', { spentUntil: now + 60_000 });
    tables.put('bookings', 'UnassignPrivateIpAddresses', {
      ...{ spentUntil: now - 600_000, perSecond: 3.75, cutAt: now - 630_000, calmMs: 45_000 },
    });
    expect((await look()).replaceAll(/\s+/g, ' ')).toMatch(
      /booked AssignPrivateIpAddresses for the next \d+ s; no UnassignPrivateIpAddresses since 10 min ago, throttled 1\d min ago to 3.8 a second; in bookings/,
    );
  });

  test('says how full the ENIs are, the fullest first, and to a script all of it', async () => {
    const { bed, operate, cluster, workers } = await running();
    const [, b] = workers;
    bed.startDelivery();
    await cluster.applyNetwork(NET_1);
    await cluster.runPod('app', {
      on: { name: b?.name ?? '' },
      networks: [{ network: NET_1, ips: ['172.16.1.70'] }],
    });
    const look = async () => {
      const { stdout } = await operate(['status', '--stage', 'demo', '--json']);
      return statusOf.parse(JSON.parse(stdout)).clusters[0].rooms;
    };
    await eventually(async () => (await look())[0]).toMatchObject({ node: b?.name, used: 3 });
    expect(await look()).toMatchObject([
      {
        used: 3,
        free: 17,
        enis: [
          { deviceIndex: 1, ipv4: { used: 2, free: 8 }, ipv6: { used: 0, free: 10 } },
          { deviceIndex: 2, ipv4: { used: 1, free: 9 } },
        ],
      },
      { used: 2, free: 18 },
    ]);
  });

  test('and the map say that the brake is on, and how to go on, until an operator lets go', async () => {
    const { operate, cluster, cloud, workers } = await running();
    await cluster.applyNetwork(FITTING);
    for (const [at, { eth1 }] of [...workers, await cluster.addWorker()].entries()) {
      const eight = Array.from({ length: 8 }, (_, n) => `172.16.1.${70 + 8 * at + n}`);
      await cloud.assign(eth1, eight);
      await operate(['ledger', 'adopt', eth1, ...eight, '--yes']);
    }
    const status = async () =>
      (await operate(['status', '--stage', 'demo'])).stdout.replaceAll(/\s+/g, ' ');
    const withheld = 'releases are withheld: no pod claims 24 of 24 addresses.';
    const how = 'multus-eni resume --stage demo --cluster demo --releases';
    const before = await status();
    expect(before).toContain(`brake ${withheld}`);
    expect(before).toContain(how);
    const file = join(await temporaryFolder(), 'map.html');
    await operate(['map', '--stage', 'demo', '--output', file]);
    expect(await readFile(file, 'utf8')).toContain(`The brake is on: ${withheld}`);
    await operate(how.split(' ').slice(1));
    expect(await status()).not.toContain('withheld');
  });

  test('counts addresses that are being assigned for minutes, and ledgers that cannot be used', async () => {
    const { bed, operate, workers } = await running();
    const [a, b] = workers;
    const { objects, faults } = bed.world.cluster.kubernetes;
    const ledger = (name: string, at: number) => {
      const entry = { state: 'Assigning', at: new Date(at).toISOString() };
      objects.create('eniledgers', {
        ...{ apiVersion: 'multus-eni.dev/v1', kind: 'ENILedger', metadata: { name } },
        summary: { assigned: 0, busy: 1, releasing: 0 },
        written: { at: new Date(at).toISOString(), by: 'request' },
        addresses: { '172.16.1.70': entry },
      });
    };
    ledger(a?.eth1 ?? '', Date.now());
    ledger(b?.eth1 ?? '', Date.now() - 121_000);
    const status = async () => {
      const { code, stdout } = await operate(['status', '--stage', 'demo']);
      return { code, text: stdout.replaceAll(/\s+/g, ' ') };
    };
    const stuck = await status();
    expect(stuck.text).toContain('2 entries in 2 ledgers; 1 Assigning for more than two minutes');
    expect(stuck.code).toBe(4);
    faults.failNext(9, ({ resource, verb }) => resource === 'eniledgers' && verb === 'list', 403);
    const refused = await status();
    expect(refused.text).toContain('ledgers cannot be used: nothing is released in the cluster');
    expect(refused.text).toContain('you need get and list on eniledgers.multus-eni.dev');
    expect(refused.code).toBe(1);
  });

  test('asks again if the API server asks to slow down', async () => {
    const { bed, operate } = await operatorBed();
    const { faults } = bed.world.cluster.kubernetes;
    faults.failNext(2, ({ verb, resource }) => verb === 'list' && resource === 'nodes', 429);
    expect(await operate(['status'])).toMatchObject({
      stdout: expect.stringContaining('2 nodes, 2 pods, 6 ENIs: no drift'),
      stderr: '',
    });
  });

  test('does without a stage', async () => {
    const { operate, bed } = await running();
    const { stdout } = await operate(['status', '--queue-url', bed.world.queue.url]);
    expect(stdout).toMatch(/queue +\d+ messages? waiting/);
    expect(stdout).not.toContain('alarms');
  });
});

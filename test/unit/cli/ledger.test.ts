import { describe, expect, test } from 'vitest';
import { messageFor } from '../../support/messages.ts';
import { NET_1 } from '../../support/networks.ts';
import { eventually } from '../../support/wait.ts';
import { envelope } from '../functions/records.ts';
import { operatorBed, tooWide } from './operator-bed.ts';

const X = '172.16.1.200';
const Y = '172.16.1.201';
/** A worker whose eth1 has addresses that nobody claims and no ledger has. */
async function foreignBed(addresses: readonly string[] = [X, Y]) {
  const operator = await operatorBed(1);
  const [worker] = operator.workers;
  if (worker === undefined) throw new Error('no worker');
  await operator.cloud.assign(worker.eth1, addresses);
  const entries = () => operator.cluster.ledgerOf(worker.eth1);
  const shown = () => operator.cloud.shownOn(worker.eth1);
  return { ...operator, worker, entries, shown };
}

describe('ledger adopt', () => {
  test('makes an address ours, says what follows, and the next look releases it', async () => {
    const { bed, entries, operate, shown, worker } = await foreignBed();
    bed.startDelivery();
    const { code, stdout, stderr } = await operate(['ledger', 'adopt', worker.eth1, X]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await entries()).toEqual([`${X} assigned`]);
    const text = stdout.replaceAll(/\s+/g, ' ');
    expect(text).toContain(
      `adopted on ${worker.eth1}: ${X}: no pod claims it, so the next look at node ${worker.name} releases it`,
    );
    expect(tooWide(stdout)).toEqual([]);
    await bed.sweep();
    await eventually(shown).toEqual([Y]);
  });

  test('leaves out what is no secondary address of the ENI, or in the ledger already', async () => {
    const { entries, operate, worker } = await foreignBed();
    const adopt = ['ledger', 'adopt', worker.eth1];
    await operate([...adopt, X]);
    const { code, stdout } = await operate([...adopt, X, '172.16.1.99', '--json']);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      enis: [
        {
          adopted: [],
          skipped: [
            { address: X, why: 'the ledger has it already' },
            { address: '172.16.1.99', why: 'EC2 does not show it on this ENI' },
          ],
        },
      ],
    });
    expect(await entries()).toEqual([`${X} assigned`]);
  });

  test('takes all that nobody claims in the definitions’ ranges, once somebody says yes', async () => {
    const { cluster, entries, operate } = await foreignBed(['172.16.1.100', X]);
    await cluster.applyNetwork(NET_1);
    const all = ['ledger', 'adopt', '--unclaimed', '--ranges'];
    const first = await operate(all);
    expect(first.code).toBe(2);
    expect(first.stdout).toContain('172.16.1.100');
    expect(first.stderr).toContain('1 address to adopt, and nothing is written yet.');
    expect(await entries()).toBeUndefined();
    expect((await operate([...all, '--yes'])).code).toBe(0);
    expect(await entries()).toEqual(['172.16.1.100 assigned']);
    expect((await operate([...all, '--yes'])).code).toBe(3);
  });

  test('asks before more than five addresses are written', async () => {
    const many = Array.from({ length: 6 }, (_, index) => `172.16.1.${200 + index}`);
    const { entries, operate, worker } = await foreignBed(many);
    const adopt = ['ledger', 'adopt', worker.eth1, ...many];
    expect((await operate(adopt)).code).toBe(2);
    expect(await entries()).toBeUndefined();
    expect((await operate([...adopt, '--yes'])).code).toBe(0);
    expect(await entries()).toHaveLength(6);
  });

  test('tries again if the functions wrote meanwhile, and says so if that has no end', async () => {
    const { bed, entries, operate, worker } = await foreignBed();
    await operate(['ledger', 'adopt', worker.eth1, Y]);
    const { faults } = bed.world.cluster.kubernetes;
    const isUpdate = ({ resource, verb }: { resource: string; verb: string }): boolean =>
      resource === 'eniledgers' && verb === 'update';
    faults.failNext(1, isUpdate, 409);
    expect((await operate(['ledger', 'adopt', worker.eth1, X])).code).toBe(0);
    expect(await entries()).toEqual([`${X} assigned`, `${Y} assigned`]);
    faults.failNext(99, isUpdate, 409);
    const { code, stderr } = await operate(['ledger', 'drop', worker.eth1, X]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('all the time: try again')]);
  });

  test('says which rights are missing if the ledger may not be written', async () => {
    const { bed, operate, worker } = await foreignBed();
    bed.world.cluster.kubernetes.faults.forbid(
      ({ resource, verb }) => resource === 'eniledgers' && verb === 'create',
    );
    const { code, stderr } = await operate(['ledger', 'adopt', worker.eth1, X]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('you need get, create and update')]);
  });

  test.each([
    [['adopt'], 'give an ENI and its addresses'],
    [['adopt', '--unclaimed'], '--unclaimed and --ranges belong together'],
    [['adopt', 'eth1', X], 'eth1 is no ENI'],
    [['adopt', 'eni-0', 'x'], 'x is no address'],
    [['adopt', 'eni-0', X], 'has the ENI eni-0'],
  ])('%j is refused with what is wrong with it', async (args, text) => {
    const { operate } = await operatorBed(1);
    const { code, stderr } = await operate(['ledger', ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(text);
  });
});

describe('ledger drop', () => {
  test('keeps the functions’ hands off an address that they assigned', async () => {
    const { bed, entries, operate, shown, worker } = await foreignBed([X]);
    await operate(['ledger', 'adopt', worker.eth1, X]);
    const { code, stdout } = await operate(['ledger', 'drop', worker.eth1, X]);
    expect(code).toBe(0);
    expect(stdout).toContain(`${X}: nobody releases it`);
    expect(await entries()).toEqual([]);
    const look = envelope('look', 1, JSON.stringify(messageFor(worker)));
    expect(await bed.reconcile({ Records: [look] })).toEqual({ batchItemFailures: [] });
    expect(await shown()).toEqual([X]);
    expect((await operate(['ledger', 'drop', worker.eth1, X])).code).toBe(3);
  });

  test('says that a pod that claims the address has it adopted again', async () => {
    const { bed, cluster, entries, operate, worker } = await foreignBed([]);
    await cluster.applyNetwork(NET_1);
    await cluster.runPod('app', {
      on: worker,
      networks: [{ network: NET_1, ips: ['172.16.1.70'] }],
    });
    bed.startDelivery();
    await bed.sweep();
    await eventually(entries).toEqual(['172.16.1.70 assigned app']);
    const { stdout } = await operate(['ledger', 'drop', worker.eth1, '172.16.1.70']);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'claimed by default/app, so the next look adopts it again',
    );
    expect(await entries()).toEqual([]);
    await bed.sweep();
    await eventually(entries).toEqual(['172.16.1.70 assigned app']);
  });
});

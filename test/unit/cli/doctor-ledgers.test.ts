import { expect, test } from 'vitest';
import { configureStage } from '../../../sandbox/world.ts';
import { installedBed, look } from './doctor-bed.ts';

const AT = '2026-01-02T03:04:05Z';

test('ME109: an address that nobody claims and no ledger has, until it is adopted', async () => {
  const bed = await installedBed();
  const { eth1, name } = await bed.cluster.addWorker();
  await bed.cloud.assign(eth1, ['172.16.1.200', '172.16.1.201']);
  const { codes, text } = await look(bed);
  expect(codes).toContain('ME109');
  expect(text).toContain(`${eth1} of ${name} has 172.16.1.200, 172.16.1.201`);
  await bed.operate(['ledger', 'adopt', eth1, '172.16.1.200', '172.16.1.201']);
  expect((await look(bed)).codes).not.toContain('ME109');
});

test('ME513: a cluster that does not know the kind', async () => {
  const bed = await installedBed();
  const { faults } = bed.bed.world.cluster.kubernetes;
  faults.failNext(9, ({ resource, verb }) => resource === 'eniledgers' && verb === 'list', 404);
  const { code, stdout, stderr } = await bed.operate(['doctor', '--stage', 'demo']);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^ME513 ledger-missing/m);
  expect(stderr).toContain('the kind is not installed: apply deploy/base or the chart');
});

test('ME514: a ledger that an edit made unreadable, until somebody deletes it', async () => {
  const bed = await installedBed();
  const { eth1 } = await bed.cluster.addWorker();
  // The API server's patterns take this key, and it is no address.
  await bed.cluster.editLedger(eth1, { '1:2:3:4:5:6:7::8:9': { state: 'Assigned', at: AT } });
  const { codes, text } = await look(bed);
  expect(codes).toContain('ME514');
  expect(text).toContain(`${eth1}: ENILedger ${eth1}: addresses: 1:2:3:4:5:6:7::8:9 is no address`);
  await bed.cluster.deleteLedgers();
  expect((await look(bed)).codes).not.toContain('ME514');
});

test('ledgers that the operator may not list are not checked, and the right is named', async () => {
  const bed = await installedBed();
  const { faults } = bed.bed.world.cluster.kubernetes;
  faults.failNext(9, ({ resource, verb }) => resource === 'eniledgers' && verb === 'list', 403);
  const { stdout } = await bed.operate(['doctor', '--stage', 'demo']);
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
    'ME109 address-foreign, ME514 ledger-unreadable: you lack the right list eniledgers.multus-eni.dev',
  );
});

test('ME516: the policy is dry-run, until it is another one', async () => {
  const bed = await installedBed();
  const { world } = bed.bed;
  const [demo] = JSON.parse(world.environment.CLUSTERS ?? '[]');
  const CLUSTERS = JSON.stringify([{ ...demo, policy: 'dry-run' }]);
  configureStage(world, { ...world.environment, CLUSTERS });
  const { codes, text } = await look(bed);
  expect(codes).toEqual(['ME516']);
  expect(text).toContain('the policy of demo is dry-run');
  configureStage(world, world.environment);
  expect((await look(bed)).codes).toEqual([]);
});

test('ME515: nothing bounds what a pod’s claim makes ours, until ranges are set', async () => {
  const bed = await installedBed();
  const { world } = bed.bed;
  configureStage(world, { ...world.environment, CLUSTERS: '[{"name":"demo"}]' });
  const { codes, text } = await look(bed);
  expect(codes).toEqual(['ME515']);
  expect(text).toContain('demo has no ranges, so no bound');
  configureStage(world, world.environment);
  expect((await look(bed)).codes).toEqual([]);
});

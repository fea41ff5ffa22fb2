import { CreateSubnetCidrReservationCommand } from '@aws-sdk/client-ec2';
import { expect } from 'vitest';
import { configureStage } from '../../../sandbox/world.ts';
import type { BedOptions } from '../../support/bed.ts';
import type { Network } from '../../support/stage.ts';
import { type OperatorBed, operatorBed, tooWide } from './operator-bed.ts';

/** The codes of the findings that are printed. */
export const codesIn = (text: string): string[] => text.match(/^ME\d+/gm) ?? [];
/** A definition that gives out these ranges. */
export const ranged = (
  name: string,
  master: string,
  ranges: string[],
  type = 'ipvlan',
): Network => ({
  name,
  config: { type, master, ipam: { type: 'static' } },
  annotations: { 'multus-eni.dev/ranges': JSON.stringify(ranges) },
});

/** One that fits the workers. */
export const FITTING = ranged('fits', 'eth1', ['172.16.1.64/26']);

/** Multus on each worker, as its DaemonSet runs it. */
export async function withMultus({ cluster, workers }: OperatorBed): Promise<void> {
  for (const [index, worker] of workers.entries()) {
    const name = `kube-multus-ds-${index}`;
    await cluster.runPod(name, { namespace: 'kube-system', on: worker, hostNetwork: true });
  }
}

/** Keeps addresses of the first Multus subnet from whatever AWS chooses addresses for. */
export async function reserve({ bed }: OperatorBed, Cidr: string): Promise<void> {
  const SubnetId = bed.world.subnets.multus1;
  const ReservationType = 'explicit';
  await bed.ec2.send(new CreateSubnetCidrReservationCommand({ SubnetId, Cidr, ReservationType }));
}

/** What `doctor --pre` finds once `prepare` has run, on workers with Multus. */
export async function codesAfter(prepare: (bed: OperatorBed) => Promise<unknown>, workers = 2) {
  const bed = await operatorBed(workers);
  await withMultus(bed);
  await prepare(bed);
  const { stdout, stderr, code } = await bed.operate(['doctor', '--pre', '--cluster', 'demo']);
  expect(stderr).toBe('');
  expect(tooWide(stdout)).toEqual([]);
  expect(code).toBe(codesIn(stdout).length > 0 ? 4 : 0);
  return { codes: codesIn(stdout), stdout: stdout.replaceAll(/\s+/g, ' ') };
}

/** Bounds what may be assigned and released. */
function bounded({ bed: { world } }: OperatorBed): void {
  const CLUSTERS = JSON.stringify([{ name: 'demo', ranges: ['172.16.0.0/16'] }]);
  configureStage(world, Object.assign(world.environment, { CLUSTERS }));
}

/** The product is installed, and nothing is wrong. */
export async function installedBed(options: BedOptions = {}): Promise<OperatorBed> {
  const bed = await operatorBed(0, options);
  bounded(bed);
  await bed.bed.startForwarder();
  const line = ['doctor', '--stage', 'demo'];
  await expect.poll(async () => codesIn((await bed.operate(line)).stdout)).toEqual([]);
  return bed;
}

/** What `doctor` finds there. */
export async function look(bed: OperatorBed, line = 'doctor --stage demo') {
  const { code, stdout, stderr } = await bed.operate(line.split(' '));
  expect(stderr).toBe('');
  expect(tooWide(stdout)).toEqual([]);
  const codes = codesIn(stdout);
  expect(code).toBe(codes.length > 0 ? 4 : 0);
  return { codes, text: stdout.replaceAll(/\s+/g, ' ') };
}

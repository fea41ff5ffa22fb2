import { describe, expect, test, vi } from 'vitest';
import { EXIT } from '../../../ip-manager/exit-code.ts';
import {
  assign,
  endingAtPause,
  eniOf,
  holderOf,
  ipvlan,
  outsideOf,
  runInitContainers,
  startBed,
  unassign,
} from './bed.ts';
import { SOON } from './running-sidecar.ts';

describe('an address that another ENI has', () => {
  async function startContested(env: Record<string, string> = {}) {
    const bed = await startBed();
    const [here, there] = [bed.addWorker(), bed.addWorker()];
    await assign(bed, eniOf(there, 1).id, '172.16.1.70');
    const outside = outsideOf(bed, here, [ipvlan(here, 1, '172.16.1.70')], env);
    return { bed, here, there, outside };
  }

  test('is waited for, and assigned once nobody has it', async () => {
    const { bed, here, there, outside } = await startContested();
    const running = runInitContainers(outside);
    await vi.waitFor(() => expect(outside.said).toHaveLength(1), SOON);
    expect(outside.said[0]).toMatch(
      new RegExp(`^waiting: 172.16.1.70 .net1.: on ${eniOf(there, 1).id} of ${there.instanceId}`),
    );
    expect(holderOf(bed, '172.16.1.70')).toBe(eniOf(there, 1).id);
    await unassign(bed, eniOf(there, 1).id, '172.16.1.70');
    await running;
    expect(holderOf(bed, '172.16.1.70')).toBe(eniOf(here, 1).id);
  });

  test('is waited for until the reconciler has moved it, and then not assigned again', async () => {
    const { bed, here, there, outside } = await startContested();
    const running = runInitContainers(outside);
    await vi.waitFor(() => expect(outside.said).toHaveLength(1), SOON);
    await unassign(bed, eniOf(there, 1).id, '172.16.1.70');
    await assign(bed, eniOf(here, 1).id, '172.16.1.70');
    await running;
    expect(outside.said.at(-1)).toBe(`172.16.1.70 (net1): on ${eniOf(here, 1).id} already`);
  });

  test('is left where it is when the time is up, and the reason names that ENI', async () => {
    const { bed, there, outside } = await startContested();
    await expect(runInitContainers(endingAtPause(outside, 2))).rejects.toMatchObject({
      exitCode: EXIT.timeIsUp,
      message: expect.stringMatching(new RegExp(`172.16.1.70 .net1.: on ${eniOf(there, 1).id}`)),
    });
    expect(holderOf(bed, '172.16.1.70')).toBe(eniOf(there, 1).id);
    // Tried once; after that only looked up.
    expect(bed.ec2.calls.counts()).toMatchObject({ AssignPrivateIpAddresses: 1 });
  });

  test('is taken from a managed ENI of the same cluster if that is allowed', async () => {
    const { bed, here, outside } = await startContested({ ALLOW_REASSIGNMENT: 'true' });
    await runInitContainers(outside);
    expect(holderOf(bed, '172.16.1.70')).toBe(eniOf(here, 1).id);
    const parameters = bed.ec2.calls.all().flatMap(({ params }) => Object.keys(params));
    expect(parameters).not.toContain('AllowReassignment');
  });

  test.each([
    { what: 'of another cluster', cluster: 'other', tagged: true },
    { what: 'without the managed tag', cluster: 'demo', tagged: false },
  ])('is not taken from an ENI $what', async ({ cluster, tagged }) => {
    const bed = await startBed();
    const here = bed.addWorker();
    const eni = { deviceIndex: 1, subnetId: bed.subnets.multus1, tagged };
    const there = bed.addWorker({ cluster, enis: [eni] });
    await assign(bed, eniOf(there, 1).id, '172.16.1.70');
    const env = { ALLOW_REASSIGNMENT: 'true' };
    const outside = outsideOf(bed, here, [ipvlan(here, 1, '172.16.1.70')], env);
    await expect(runInitContainers(endingAtPause(outside, 2))).rejects.toMatchObject({
      exitCode: EXIT.timeIsUp,
      message: expect.stringContaining('no managed ENI of this cluster'),
    });
    expect(holderOf(bed, '172.16.1.70')).toBe(eniOf(there, 1).id);
  });

  test('is not waited for if it is the other’s primary', async () => {
    const bed = await startBed();
    const [here, there] = [bed.addWorker(), bed.addWorker()];
    const { primary } = bed.ec2.eni(eniOf(there, 1).id);
    const outside = outsideOf(bed, here, [ipvlan(here, 1, primary)], {
      ALLOW_REASSIGNMENT: 'true',
    });
    await expect(runInitContainers(outside)).rejects.toMatchObject({
      exitCode: EXIT.notAssigned,
      message: expect.stringContaining(`the primary address of ${eniOf(there, 1).id}`),
    });
  });

  test('as IPv6 is waited for too', async () => {
    const bed = await startBed();
    const [here, there] = [bed.addWorker(), bed.addWorker()];
    const address = '2600:1f18:1111:1::70';
    await runInitContainers(outsideOf(bed, there, [ipvlan(there, 1, address)]));
    const outside = outsideOf(bed, here, [ipvlan(here, 1, address)]);
    await expect(runInitContainers(endingAtPause(outside, 2))).rejects.toMatchObject({
      exitCode: EXIT.timeIsUp,
    });
    expect(holderOf(bed, address)).toBe(eniOf(there, 1).id);
    await runInitContainers(
      outsideOf(bed, here, [ipvlan(here, 1, address)], { ALLOW_REASSIGNMENT: 'true' }),
    );
    expect(holderOf(bed, address)).toBe(eniOf(here, 1).id);
  });
});

describe('a full ENI', () => {
  async function startFull() {
    const bed = await startBed();
    const worker = bed.addWorker();
    // An m5.large takes ten, of which the primary is one.
    for (let n = 0; n < 9; n += 1) await assign(bed, eniOf(worker, 1).id, `172.16.1.${100 + n}`);
    return { bed, worker, outside: outsideOf(bed, worker, [ipvlan(worker, 1, '172.16.1.70')]) };
  }

  test('is waited for until there is room', async () => {
    const { bed, worker, outside } = await startFull();
    const running = runInitContainers(outside);
    await vi.waitFor(() => expect(outside.said).toHaveLength(1), SOON);
    await unassign(bed, eniOf(worker, 1).id, '172.16.1.100');
    await running;
    expect(holderOf(bed, '172.16.1.70')).toBe(eniOf(worker, 1).id);
  });

  test('is told of when the time is up', async () => {
    const { outside } = await startFull();
    await expect(runInitContainers(endingAtPause(outside, 2))).rejects.toMatchObject({
      exitCode: EXIT.timeIsUp,
      message: expect.stringContaining('as many addresses as its instance type takes'),
    });
  });
});

import { describe, expect, it } from 'vitest';
import { StalePodsError } from '../../../../shared/apply/release.ts';
import { podWith } from '../../../support/in-memory-kubernetes.ts';
import { changesIn, startApplyBed } from './bed.ts';

const X = '172.16.1.70';
const Y = '172.16.1.71';
const Z = '172.16.1.72';
const SIX = '2001:db8:0:1::71';
/** More than the nine that an ENI of an m5.large takes beside its primary. */
const TWELVE = Array.from({ length: 12 }, (_, index) => `172.16.1.${70 + index}`);

describe('applying a plan', () => {
  it('assigns all addresses of an ENI and family with one call', async () => {
    const { a, ec2, kubernetes, on, reconcile } = await startApplyBed();
    kubernetes.pods = [podWith('node-a', 'p', [X, SIX]), podWith('node-a', 'q', [Y])];
    const applied = await reconcile(a);
    expect(applied.assigned.map(({ address }) => address)).toEqual([X, SIX, Y]);
    expect(on(a.eth1)).toEqual([X, Y, SIX].sort());
    expect(changesIn(ec2)).toEqual([`Assign ${a.eth1} ${X} ${Y}`, `Assign ${a.eth1} ${SIX}`]);
  });

  it('does nothing where nothing is to be done', async () => {
    const { a, ec2, give, kubernetes, reconcile } = await startApplyBed();
    await give(a.eth1, X);
    const message = `assigned: ${X} on ${a.eth1}`;
    const condition = { status: 'True', reason: 'Assigned', message } as const;
    kubernetes.pods = [podWith('node-a', 'p', [X], { condition })];
    ec2.calls.clear();
    expect(await reconcile(a)).toMatchObject({ assigned: [], released: [], toConfirm: [] });
    expect(changesIn(ec2)).toEqual([]);
  });

  it('assigns what a pod was not told of yet, as the read that shows it may be old (schedule 34)', async () => {
    const { a, ec2, give, kubernetes, reconcile } = await startApplyBed();
    await give(a.eth1, X);
    kubernetes.pods = [podWith('node-a', 'p', [X])];
    ec2.calls.clear();
    expect(await reconcile(a)).toMatchObject({ assigned: [], problems: [] });
    expect(changesIn(ec2)).toEqual([`Assign ${a.eth1} ${X}`]);
  });

  it('empties a full ENI before it assigns (schedule 11)', async () => {
    const { a, give, kubernetes, on, reconcile } = await startApplyBed();
    await give(a.eth1, ...TWELVE.slice(0, 9));
    kubernetes.pods = [podWith('node-a', 'p', TWELVE.slice(9))];
    expect((await reconcile(a)).problems).toEqual([]);
    expect(on(a.eth1)).toEqual(TWELVE.slice(9));
  });

  it('moves an address between two ENIs of the node', async () => {
    const { a, give, kubernetes, on, reconcile } = await startApplyBed();
    await give(a.eth1, X);
    kubernetes.pods = [podWith('node-a', 'p', [X], { network: 'default/eth2' })];
    const { toConfirm } = await reconcile(a);
    expect([on(a.eth1), on(a.eth2)]).toEqual([[], [X]]);
    expect(toConfirm).toEqual([{ address: X, eniId: a.eth1 }]);
  });

  it('assigns the others, where one address is on somebody else’s ENI', async () => {
    const { a, ec2, kubernetes, on, reconcile, subnetId } = await startApplyBed();
    const stranger = ec2.addEni({ subnetId, secondary: [Y] });
    kubernetes.pods = [podWith('node-a', 'p', [X, Y, Z])];
    const { problems } = await reconcile(a);
    expect(on(a.eth1)).toEqual([X, Z]);
    expect(problems).toMatchObject([
      { address: Y, kind: 'held-elsewhere', why: 'not-our-eni', eniId: stranger },
    ]);
    expect(changesIn(ec2)).toEqual([
      `Assign ${a.eth1} ${X} ${Y} ${Z}`,
      `Assign ${a.eth1} ${X} ${Z}`,
    ]);
  });

  it('assigns the others, where EC2 refuses one address with a code that nobody knows', async () => {
    const { a, ec2, kubernetes, on, reconcile } = await startApplyBed();
    ec2.faults.add({
      action: 'AssignPrivateIpAddresses',
      times: Number.POSITIVE_INFINITY,
      when: ({ params }) => Object.values(params).includes(Y),
      effect: { kind: 'error', code: 'OperationNotPermitted', message: 'Not this one.' },
    });
    kubernetes.pods = [podWith('node-a', 'p', [Y]), podWith('node-a', 'q', [X, Z])];
    const { problems } = await reconcile(a);
    expect(on(a.eth1)).toEqual([X, Z]);
    expect(problems).toMatchObject([{ address: Y, kind: 'refused', answer: 'Not this one.' }]);
  });

  it('fills an ENI whose limit is not known, the oldest pods first', async () => {
    const { a, kubernetes, on, reconcile } = await startApplyBed();
    kubernetes.nodes = kubernetes.nodes.map((node) => ({ ...node, instanceType: undefined }));
    kubernetes.pods = TWELVE.map((ip, index) =>
      podWith('node-a', `p${index}`, [ip], { createdAt: index }),
    );
    const { problems } = await reconcile(a);
    expect(on(a.eth1)).toEqual(TWELVE.slice(0, 9));
    expect(problems).toMatchObject(
      TWELVE.slice(9).map((address) => ({ address, kind: 'eni-full', eniId: a.eth1 })),
    );
  });

  it('gives the room of a refused address to one that waits for it', async () => {
    const { a, b, give, kubernetes, on, reconcile } = await startApplyBed();
    const [taken = '', ...others] = TWELVE.slice(0, 11);
    await give(b.eth1, taken);
    kubernetes.pods = [
      podWith('node-b', 'holder', [taken]),
      podWith('node-a', 'loser', [taken], { createdAt: 1 }),
      ...others.map((ip, index) => podWith('node-a', `p${index}`, [ip], { createdAt: 2 + index })),
    ];
    const { problems } = await reconcile(a);
    expect(on(a.eth1)).toEqual(others.slice(0, 9));
    expect(problems).toMatchObject([
      { address: others[9], kind: 'eni-full' },
      { address: taken, kind: 'conflict', holder: { node: 'node-b' } },
    ]);
  });

  it('assigns again what the read shows as kept, if asked to, terminating pods excepted (rule 7)', async () => {
    const { a, apply, decide, give, kubernetes, on, read, take } = await startApplyBed();
    await give(a.eth1, X, Y);
    kubernetes.pods = [
      podWith('node-a', 'p', [X]),
      podWith('node-a', 'going', [Y], { terminating: true }),
    ];
    const state = await read(a);
    await take(a.eth1, X, Y);
    const applied = await apply(state, decide(state), { assignKept: true });
    expect(on(a.eth1)).toEqual([X]);
    expect(applied.assigned).toEqual([]);
  });
});

describe('a release', () => {
  it('is not sent when the pod list is older than a second', async () => {
    const { a, apply, clock, decide, give, on, read } = await startApplyBed();
    await give(a.eth1, X);
    const state = await read(a);
    clock.advance(1001);
    await expect(apply(state, decide(state))).rejects.toThrow(StalePodsError);
    expect(on(a.eth1)).toEqual([X]);
  });

  it('is sent within a second', async () => {
    const { a, apply, clock, decide, give, on, read } = await startApplyBed();
    await give(a.eth1, X);
    const state = await read(a);
    clock.advance(1000);
    expect((await apply(state, decide(state))).released).toEqual([{ address: X, eniId: a.eth1 }]);
    expect(on(a.eth1)).toEqual([]);
  });

  it('that is refused as "not assigned" must be seen to be gone, and costs the others nothing', async () => {
    const { a, apply, decide, ec2, give, on, read, take } = await startApplyBed();
    await give(a.eth1, X, Y, Z);
    const state = await read(a);
    await take(a.eth1, Y);
    ec2.calls.clear();
    const { released, toConfirm } = await apply(state, decide(state));
    expect(on(a.eth1)).toEqual([]);
    expect(released.map(({ address }) => address)).toEqual([X, Z]);
    expect(toConfirm.map(({ address }) => address)).toEqual([X, Z, Y]);
    // EC2 does not say which: a look costs less than trying them by halves.
    expect(changesIn(ec2)).toEqual([
      `Unassign ${a.eth1} ${X} ${Y} ${Z}`,
      `Unassign ${a.eth1} ${X} ${Z}`,
    ]);
  });

  it('of many that are gone, where every read is old, is left to the next read and not tried by halves', async () => {
    const { a, apply, clock, decide, ec2, give, read, take } = await startApplyBed();
    const nine = Array.from({ length: 9 }, (_, index) => `172.16.1.${70 + index}`);
    await give(a.eth1, ...nine);
    clock.advance(5_000);
    const state = await read(a);
    await take(a.eth1, ...nine);
    ec2.setStaleness({ kind: 'versions', back: 1 });
    ec2.calls.clear();
    await expect(apply(state, decide(state))).rejects.toMatchObject({ name: 'StalePodsError' });
    expect(changesIn(ec2)).toEqual([`Unassign ${a.eth1} ${nine.join(' ')}`]);
  });

  it('that EC2 refuses for another reason is logged and not waited for', async () => {
    const { a, ec2, give, kubernetes, on, reconcile, telemetry } = await startApplyBed();
    await give(a.eth1, X);
    kubernetes.pods = [podWith('node-a', 'p', [Y])];
    ec2.faults.add({
      action: 'UnassignPrivateIpAddresses',
      effect: { kind: 'error', code: 'InvalidParameterValue', message: 'No, not this one.' },
    });
    expect(await reconcile(a)).toMatchObject({ released: [], toConfirm: [] });
    expect(on(a.eth1)).toEqual([X, Y]);
    expect(telemetry.lines).toMatchObject([
      { level: 'warn', subject: { cluster: 'demo', node: 'node-a', eniId: a.eth1, address: X } },
    ]);
  });

  it('that EC2 refuses with a code that nobody knows keeps no other from being done', async () => {
    const { a, ec2, give, on, reconcile } = await startApplyBed();
    await give(a.eth1, X, Y, Z);
    ec2.faults.add({
      action: 'UnassignPrivateIpAddresses',
      times: Number.POSITIVE_INFINITY,
      when: ({ params }) => Object.values(params).includes(Y),
      effect: { kind: 'error', code: 'OperationNotPermitted', message: 'Not this one.' },
    });
    const { released } = await reconcile(a);
    expect(on(a.eth1)).toEqual([Y]);
    expect(released.map(({ address }) => address)).toEqual([X, Z]);
  });

  it('of named addresses tells which were gone, also where EC2 throttles in the middle', async () => {
    const bed = await startApplyBed();
    const { a, ec2 } = bed;
    const [gone, throttled] = ['172.16.1.200', '172.16.1.201'];
    const state = await bed.read(a);
    const decided = bed.decide(state, [gone, throttled]);
    const unseen = decided.releaseUnseen.filter(({ eniId }) => eniId === a.eth1);
    ec2.faults.add({
      action: 'UnassignPrivateIpAddresses',
      when: ({ params }) => Object.values(params).includes(throttled),
      effect: { kind: 'error', code: 'RequestLimitExceeded', status: 503 },
    });
    const applied = await bed.tryApply(state, { ...decided, releaseUnseen: unseen });
    expect(applied.failures).toHaveLength(1);
    expect(applied.unseenAbsent.map(({ address }) => address)).toEqual([gone]);
  });

  it('of a named address that the read does not show is sent blindly (schedule 8)', async () => {
    const { a, apply, decide, give, on, read } = await startApplyBed();
    const state = await read(a);
    await give(a.eth2, '172.16.1.200');
    const applied = await apply(state, decide(state, ['172.16.1.200', '172.16.1.201']));
    expect(on(a.eth2)).toEqual([]);
    const gone = [{ address: '172.16.1.200', eniId: a.eth2 }];
    expect(applied).toMatchObject({ released: gone, toConfirm: gone });
  });
});

describe('a call that fails', () => {
  it('fails the reconcile only once the calls beside it have ended', async () => {
    const { a, b, ec2, give, kubernetes, on, tryReconcile } = await startApplyBed();
    await give(b.eth1, X);
    kubernetes.pods = [
      podWith('node-a', 'p', [X]),
      podWith('node-a', 'q', [Y], { network: 'default/eth2' }),
    ];
    ec2.faults.add({
      when: ({ action, params }) =>
        action === 'AssignPrivateIpAddresses' && params.NetworkInterfaceId === a.eth2,
      effect: { kind: 'error', code: 'InternalError', status: 500 },
    });
    const { assigned, failures, open, unassignedFrom } = await tryReconcile(a);
    expect(failures).toHaveLength(1);
    expect(on(a.eth1)).toEqual([X]);
    expect([...unassignedFrom]).toEqual(['node-b']);
    expect(assigned.map(({ address }) => address)).toEqual([X]);
    expect(open.map(({ address }) => address)).toEqual([Y]);
  });

  it('among releases leaves no other release under way', async () => {
    const { a, apply, decide, ec2, give, on, read, take } = await startApplyBed();
    await give(a.eth1, '172.16.1.75');
    await give(a.eth2, X, Y, Z);
    const state = await read(a);
    // It is released in several calls, the last of them long after the other ENI's has failed.
    await take(a.eth2, Y);
    ec2.faults.add({
      action: 'UnassignPrivateIpAddresses',
      when: ({ params }) => params.NetworkInterfaceId === a.eth1,
      effect: { kind: 'error', code: 'RequestLimitExceeded', status: 503 },
    });
    await expect(apply(state, decide(state))).rejects.toMatchObject({
      name: 'RequestLimitExceeded',
    });
    expect([on(a.eth1), on(a.eth2)]).toEqual([['172.16.1.75'], []]);
  });
});

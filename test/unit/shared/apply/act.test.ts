import { describe, expect, it } from 'vitest';
import { StalePodsError } from '../../../../shared/apply/release.ts';
import { podWith, recordIn } from '../../../support/in-memory-kubernetes.ts';
import { address } from '../plan/fixtures.ts';
import { changesIn, startActBed } from './bed.ts';

const X = '172.16.1.70';
const Y = '172.16.1.71';
const Z = '172.16.1.72';
const SIX = '2001:db8:0:1::71';
/** More than the nine that an ENI of an m5.large takes beside its primary. */
const TWELVE = Array.from({ length: 12 }, (_, index) => `172.16.1.${70 + index}`);

describe('acting on a decision', () => {
  it('assigns all addresses of an ENI and family with one call', async () => {
    const { a, ec2, kubernetes, on, reconcile } = await startActBed();
    kubernetes.pods = [podWith('node-a', 'p', [X, SIX]), podWith('node-a', 'q', [Y])];
    const done = await reconcile(a);
    expect(done.assigned).toEqual([X, SIX, Y]);
    expect(on(a.eth1)).toEqual([X, Y, SIX].sort());
    expect(changesIn(ec2)).toEqual([`Assign ${a.eth1} ${X} ${Y}`, `Assign ${a.eth1} ${SIX}`]);
  });

  it('does nothing if nothing is to be done', async () => {
    const { a, ec2, kubernetes, own, reconcile } = await startActBed();
    await own(a.eth1, X);
    kubernetes.pods = [podWith('node-a', 'p', [X])];
    ec2.calls.clear();
    expect(await reconcile(a)).toMatchObject({ assigned: [], released: [], problems: [] });
    expect(changesIn(ec2)).toEqual([]);
  });

  it.each(['assigning', 'releasing'] as const)(
    'assigns once more what the ledger calls %s, as the read that shows it may be old (schedule 34)',
    async (state) => {
      const { a, ec2, give, kubernetes, ledger, reconcile } = await startActBed();
      await give(a.eth1, X);
      recordIn(kubernetes, a.eth1, [address(X)], { state });
      kubernetes.pods = [podWith('node-a', 'p', [X])];
      ec2.calls.clear();
      expect(await reconcile(a)).toMatchObject({ assigned: [], problems: [] });
      expect(changesIn(ec2)).toEqual([`Assign ${a.eth1} ${X}`]);
      expect(ledger(a.eth1)).toEqual([`${X} assigned uid-p`]);
    },
  );

  it('empties a full ENI before it assigns (schedule 11)', async () => {
    const { a, own, kubernetes, on, reconcile } = await startActBed();
    await own(a.eth1, ...TWELVE.slice(0, 9));
    kubernetes.pods = [podWith('node-a', 'p', TWELVE.slice(9))];
    expect((await reconcile(a)).problems).toEqual([]);
    expect(on(a.eth1)).toEqual(TWELVE.slice(9));
  });

  it('moves an address between two ENIs of the node', async () => {
    const { a, kubernetes, ledger, on, own, reconcile } = await startActBed();
    await own(a.eth1, X);
    kubernetes.pods = [podWith('node-a', 'p', [X], { network: 'default/eth2' })];
    await reconcile(a);
    expect([on(a.eth1), on(a.eth2)]).toEqual([[], [X]]);
    expect([ledger(a.eth1), ledger(a.eth2)]).toEqual([[`${X} released`], [`${X} assigned uid-p`]]);
  });

  it('assigns the others, if one address is on somebody else’s ENI', async () => {
    const { a, ec2, kubernetes, on, reconcile, subnetId } = await startActBed();
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

  it('assigns the others, if EC2 refuses one address with a code that nobody knows', async () => {
    const { a, ec2, kubernetes, on, reconcile } = await startActBed();
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

  it('makes a tombstone of what EC2 refuses, whatever it says (rule L6)', async () => {
    const { a, ec2, kubernetes, ledger, reconcile, subnetId } = await startActBed();
    ec2.addEni({ subnetId, secondary: [Y] });
    ec2.faults.add({
      action: 'AssignPrivateIpAddresses',
      times: Number.POSITIVE_INFINITY,
      when: ({ params }) => Object.values(params).includes(Z),
      effect: { kind: 'error', code: 'OperationNotPermitted', message: 'Not this one.' },
    });
    kubernetes.pods = [podWith('node-a', 'p', [X, Y, Z])];
    const { problems } = await reconcile(a);
    expect(problems.map(({ kind }) => kind).sort()).toEqual(['held-elsewhere', 'refused']);
    expect(ledger(a.eth1)).toEqual([
      `${X} assigned uid-p`,
      `${Y} releasing uid-p`,
      `${Z} releasing uid-p`,
    ]);
  });

  it('fills an ENI whose limit is not known, the oldest pods first', async () => {
    const { a, kubernetes, on, reconcile } = await startActBed();
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
    const { a, b, own, kubernetes, on, reconcile } = await startActBed();
    const [taken = '', ...others] = TWELVE.slice(0, 11);
    await own(b.eth1, taken);
    kubernetes.pods = [
      podWith('node-b', 'holder', [taken]),
      podWith('node-a', 'loser', [taken], { createdAt: 1 }),
      ...others.map((ip, index) => podWith('node-a', `p${index}`, [ip], { createdAt: 2 + index })),
    ];
    const { problems } = await reconcile(a);
    expect(on(a.eth1)).toEqual(others.slice(0, 9));
    expect(problems).toMatchObject([
      { address: taken, kind: 'conflict', holder: { node: 'node-b' } },
      { address: others[9], kind: 'eni-full' },
    ]);
  });

  it('assigns once more nothing for terminating pods (rule 7)', async () => {
    const { a, act, decide, give, kubernetes, on, read, take } = await startActBed();
    await give(a.eth1, X, Y);
    recordIn(kubernetes, a.eth1, [address(X), address(Y)], { state: 'assigning' });
    kubernetes.pods = [
      podWith('node-a', 'p', [X]),
      podWith('node-a', 'going', [Y], { terminating: true }),
    ];
    const state = await read(a);
    await take(a.eth1, X, Y);
    const done = await act(state, decide(state));
    expect(on(a.eth1)).toEqual([X]);
    expect(done.assigned).toEqual([]);
  });
});

describe('a release', () => {
  it('is not sent when the pod list is older than a second', async () => {
    const { a, act, clock, decide, own, on, read } = await startActBed();
    await own(a.eth1, X);
    const state = await read(a);
    clock.advance(1001);
    await expect(act(state, decide(state))).rejects.toThrow(StalePodsError);
    expect(on(a.eth1)).toEqual([X]);
  });

  it('is sent within a second', async () => {
    const { a, act, clock, decide, own, on, read } = await startActBed();
    await own(a.eth1, X);
    const state = await read(a);
    clock.advance(1000);
    expect((await act(state, decide(state))).released).toEqual([X]);
    expect(on(a.eth1)).toEqual([]);
  });

  it('that is refused as "not assigned" is as good as done, and costs the others nothing', async () => {
    const { a, act, decide, ec2, own, on, read, take } = await startActBed();
    await own(a.eth1, X, Y, Z);
    const state = await read(a);
    await take(a.eth1, Y);
    ec2.calls.clear();
    const { absent, released } = await act(state, decide(state));
    expect(on(a.eth1)).toEqual([]);
    expect(released).toEqual([X, Z]);
    expect(absent).toEqual([Y]);
    // EC2 does not say which: a look costs less than trying them by halves.
    expect(changesIn(ec2)).toEqual([
      `Unassign ${a.eth1} ${X} ${Y} ${Z}`,
      `Unassign ${a.eth1} ${X} ${Z}`,
    ]);
  });

  it('of many that are gone, if every read is old, is left to the next read and not tried by halves', async () => {
    const { a, act, clock, decide, ec2, own, read, take } = await startActBed();
    const nine = Array.from({ length: 9 }, (_, index) => `172.16.1.${70 + index}`);
    await own(a.eth1, ...nine);
    clock.advance(5_000);
    const state = await read(a);
    await take(a.eth1, ...nine);
    ec2.setStaleness({ kind: 'versions', back: 1 });
    ec2.calls.clear();
    await expect(act(state, decide(state))).rejects.toMatchObject({ name: 'StalePodsError' });
    expect(changesIn(ec2)).toEqual([`Unassign ${a.eth1} ${nine.join(' ')}`]);
  });

  it('that EC2 refuses for another reason is logged and not waited for', async () => {
    const { a, ec2, own, kubernetes, on, reconcile, telemetry } = await startActBed();
    await own(a.eth1, X);
    kubernetes.pods = [podWith('node-a', 'p', [Y])];
    ec2.faults.add({
      action: 'UnassignPrivateIpAddresses',
      effect: { kind: 'error', code: 'InvalidParameterValue', message: 'No, not this one.' },
    });
    expect(await reconcile(a)).toMatchObject({ released: [], absent: [] });
    expect(on(a.eth1)).toEqual([X, Y]);
    expect(telemetry.lines).toMatchObject([
      { level: 'warn', subject: { cluster: 'demo', node: 'node-a', eniId: a.eth1, address: X } },
    ]);
  });

  it('that EC2 refuses with a code that nobody knows keeps no other from being done', async () => {
    const { a, ec2, own, on, reconcile } = await startActBed();
    await own(a.eth1, X, Y, Z);
    ec2.faults.add({
      action: 'UnassignPrivateIpAddresses',
      times: Number.POSITIVE_INFINITY,
      when: ({ params }) => Object.values(params).includes(Y),
      effect: { kind: 'error', code: 'OperationNotPermitted', message: 'Not this one.' },
    });
    const { released } = await reconcile(a);
    expect(on(a.eth1)).toEqual([Y]);
    expect(released).toEqual([X, Z]);
  });
});

describe('a call that fails', () => {
  it('fails the reconcile only once the calls beside it have ended', async () => {
    const { a, b, ec2, own, kubernetes, on, tryReconcile } = await startActBed();
    await own(b.eth1, X);
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
    expect(assigned).toEqual([X]);
    expect(open).toEqual([Y]);
  });

  it('among releases leaves no other release under way', async () => {
    const { a, act, decide, ec2, own, on, read, take } = await startActBed();
    await own(a.eth1, '172.16.1.75');
    await own(a.eth2, X, Y, Z);
    const state = await read(a);
    // It is released in several calls, the last of them long after the other ENI's has failed.
    await take(a.eth2, Y);
    ec2.faults.add({
      action: 'UnassignPrivateIpAddresses',
      when: ({ params }) => params.NetworkInterfaceId === a.eth1,
      effect: { kind: 'error', code: 'RequestLimitExceeded', status: 503 },
    });
    await expect(act(state, decide(state))).rejects.toMatchObject({
      name: 'RequestLimitExceeded',
    });
    expect([on(a.eth1), on(a.eth2)]).toEqual([['172.16.1.75'], []]);
  });
});

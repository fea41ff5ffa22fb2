import { describe, expect, it } from 'vitest';
import { recordedByPod } from '../../../../shared/plan/ledger.ts';
import { problemsOf } from '../../../../shared/plan/verdict.ts';
import {
  claim,
  decide,
  eth0,
  eth1,
  eth2,
  eth3,
  onEth1,
  onEth3,
  planInput,
  planOf,
  pod,
  readings,
  says,
  type Written,
} from './fixtures.ts';

/* Rule L12 of docs/design.md: who holds an address on its node. */

const X = '172.16.1.70';
const TWO = [eth0(), eth1(), eth3()];
const THERE = [eth0(), eth1([X]), eth3()];
/** The ledger names it; it is the younger one. */
const mine = pod('mine', [onEth1(X)], { createdAt: 2 });
const going = { ...mine, terminating: true };
const older = pod('older', [onEth1(X)], { createdAt: 1, namespace: 'other' });
const elsewhere = pod('elsewhere', [onEth3(X)], { createdAt: 1, namespace: 'other' });

describe('the pod that the ledger of the ENI names holds the address that EC2 shows there', () => {
  it.each([
    ['assigned mine', ''],
    ['assigning mine', ', again'],
    ['releasing mine', ', again'],
  ])('against an older one of another namespace, if the entry says %s', (text, again) => {
    expect(decide({ enis: THERE, pods: [older, mine], written: says(text) })).toEqual([
      `keep ${X} on eni-1 for mine${again}`,
      `problem ${X} conflict with mine for older`,
    ]);
  });

  it('if its annotation cannot be read', () => {
    const lost = { unreadable: true, network: undefined, interface: undefined } as const;
    const pods = [older, pod('mine', [claim(X, lost)], { createdAt: 2 })];
    expect(decide({ enis: THERE, pods, written: says('assigned mine') })).toEqual([
      `keep ${X} on eni-1 for mine`,
      `problem ${X} conflict with mine for older`,
    ]);
  });

  it('while it terminates: another namespace does not get it', () => {
    expect(decide({ enis: THERE, pods: [older, going], written: says('assigned mine') })).toEqual([
      `keep ${X} on eni-1 for mine`,
      `problem ${X} conflict with mine for older`,
    ]);
  });

  it('only as long as it claims it', () => {
    const pods = [older, pod('mine', [onEth1('172.16.1.71')])];
    const lines = decide({ enis: THERE, pods, written: says('assigned mine') });
    expect(lines).toContain(`keep ${X} on eni-1 for older`);
  });

  it('and what the ledger of another ENI says does not count', () => {
    const written = { 'eni-3': { [X]: 'assigned mine' } };
    const pods = [older, mine];
    expect(decide({ enis: THERE, pods, written })[0]).toBe(`keep ${X} on eni-1 for older`);
  });
});

describe('if the ledger has the address and names no live claimant,', () => {
  it.each(['assigned', 'assigned gone'])(
    'the pod on whose ENI it is speaks for it, though older ones of other namespaces claim it: %s',
    (text) => {
      expect(decide({ enis: THERE, pods: [elsewhere, mine], written: says(text) })).toEqual([
        `keep ${X} on eni-1 for mine`,
        `problem ${X} conflict with mine for elsewhere`,
      ]);
    },
  );

  it('of several on that ENI the oldest does', () => {
    expect(decide({ enis: THERE, pods: [mine, older], written: says('assigned gone') })).toEqual([
      `keep ${X} on eni-1 for older`,
      `problem ${X} conflict with older for mine`,
    ]);
  });

  it('and if it is on nobody’s ENI, the oldest gets it', () => {
    const young = pod('young', [onEth3(X)], { createdAt: 9 });
    const pods = [young, elsewhere];
    expect(decide({ enis: THERE, pods, written: says('releasing gone') })).toEqual([
      `move ${X} on eni-3 from eni-1 for elsewhere`,
      `problem ${X} conflict with elsewhere for young`,
    ]);
  });
});

describe('if EC2 shows the address on no ENI of the node, the read may be an old one:', () => {
  it.each(['assigned mine', 'assigning mine'])(
    'the live pod of an entry speaks for it, though an older one of another namespace claims it: %s',
    (text) => {
      const pods = [elsewhere, mine];
      expect(decide({ enis: TWO, pods, written: says(text) })).toEqual([
        `assign ${X} on eni-1 for mine`,
        `problem ${X} conflict with mine for elsewhere`,
      ]);
    },
  );

  it('a tombstone names nobody', () => {
    expect(decide({ enis: TWO, pods: [elsewhere, mine], written: says('releasing mine') })).toEqual(
      [`assign ${X} on eni-3 for elsewhere`, `problem ${X} conflict with elsewhere for mine`],
    );
  });

  it('a terminating pod speaks for what its entry says is assigned, and acquires nothing', () => {
    const pods = [elsewhere, going];
    expect(decide({ enis: TWO, pods, written: says('assigned mine') })).toEqual([
      `problem ${X} conflict with mine for elsewhere`,
    ]);
  });

  it('a terminating pod does not speak for what its entry says is assigning', () => {
    const pods = [elsewhere, going];
    expect(decide({ enis: TWO, pods, written: says('assigning mine') })).toEqual([
      `assign ${X} on eni-3 for elsewhere`,
    ]);
  });

  it('who is in conflict with a terminating pod is told on which ENI that one has it', () => {
    const moved = pod('mine', [claim(X, { mac: eth3().mac })], { terminating: true });
    const pods = [elsewhere, moved];
    const decision = planOf(planInput({ enis: TWO, pods, written: says('assigned mine') }));
    expect(problemsOf(decision)).toMatchObject([
      { kind: 'conflict', pod: { name: 'elsewhere' }, holder: { eniId: 'eni-1' } },
    ]);
  });

  it('a pod that has no valid ENI for it does not: it would keep others from it for ever', () => {
    const astray = pod('mine', [claim(X, { master: 'eth0' })]);
    expect(
      decide({ enis: TWO, pods: [elsewhere, astray], written: says('assigned mine') }),
    ).toEqual([`assign ${X} on eni-3 for elsewhere`, 'ignored 1']);
  });

  it('from a terminating pod it passes within the namespace at once', () => {
    const next = pod('next', [onEth3(X)], { createdAt: 3 });
    const written = says('assigned mine');
    expect(decide({ enis: TWO, pods: [elsewhere, going, next], written })).toEqual([
      `assign ${X} on eni-3 for next`,
      `problem ${X} conflict with next for elsewhere`,
    ]);
  });

  it('an entry of an ENI in another VPC names nobody here', () => {
    const enis = [eth0(), eth1(), eth2([], { vpcId: 'vpc-2' })];
    const written = { 'eni-2': { [X]: 'assigned mine' } };
    expect(decide({ enis, pods: [older, mine], written })[0]).toBe(
      `assign ${X} on eni-1 for older`,
    );
  });
});

describe('if EC2 shows the address where the ledger has a tombstone, the read may be an old one:', () => {
  const moved = (had: string, has: string, state = 'releasing'): Written => ({
    'eni-1': { [X]: `${state} ${had}` },
    'eni-3': { [X]: has },
  });
  const here = pod('here', [onEth3(X)], { createdAt: 2 });
  const onThird = pod('third', [onEth3(X)], { createdAt: 1, namespace: 'other' });

  it.each([
    ['on its own ENI', onThird],
    ['on the ENI that EC2 shows', older],
  ])(
    'the live pod that has it by another ENI’s ledger keeps it from an older stranger %s',
    (_, stranger) => {
      const pods = [stranger, here];
      expect(decide({ enis: THERE, pods, written: moved('gone', 'assigned here') })).toEqual([
        `move ${X} on eni-3 from eni-1 for here`,
        `problem ${X} conflict with here for ${stranger.pod.name}`,
      ]);
    },
  );

  // EC2 has let go of it longer ago than rule L17 corrects a read.
  it.each(['releasing', 'released'])(
    'also from the pod of the %s one, which claims it again',
    (state) => {
      const pods = [older, here];
      expect(
        decide({ enis: THERE, pods, written: moved('older', 'assigned here', state) }),
      ).toEqual([
        `move ${X} on eni-3 from eni-1 for here`,
        `problem ${X} conflict with here for older`,
      ]);
    },
  );

  it('a terminating pod keeps it as well, and acquires nothing', () => {
    const pods = [older, { ...here, terminating: true }];
    expect(decide({ enis: THERE, pods, written: moved('older', 'assigned here') })).toEqual([
      `problem ${X} conflict with here for older`,
    ]);
  });

  it('not if the pod claims it no more', () => {
    const written = moved('older', 'assigned gone');
    expect(decide({ enis: THERE, pods: [older, here], written })[0]).toBe(
      `keep ${X} on eni-1 for older, again`,
    );
  });

  it('not if the ledger there says that EC2 took it, or was asked', () => {
    for (const text of ['assigned older', 'assigning older']) {
      const written = { ...moved('', 'assigned here'), 'eni-1': { [X]: text } };
      expect(decide({ enis: THERE, pods: [older, here], written })[0]).toMatch(
        `keep ${X} on eni-1 for older`,
      );
    }
  });
});

it('of one pod and address, what a ledger says that it has comes before what it had', () => {
  const enis = [eth0(), eth1(), eth3()];
  for (const [had, has] of [
    ['eni-1', 'eni-3'],
    ['eni-3', 'eni-1'],
  ] as const) {
    const written = { [had]: { [X]: 'releasing mine' }, [has]: { [X]: 'assigned mine' } };
    const records = recordedByPod(readings(enis, written)).get('uid-mine') ?? [];
    expect(records.map(({ eniId, releasing }) => [eniId, releasing])).toEqual([
      [has, false],
      [had, true],
    ]);
  }
});

import { describe, expect, it } from 'vitest';
import { takeOver } from './contested.ts';
import { writesOf } from './ec2-model.ts';
import {
  claim,
  eth0,
  eth1,
  eth3,
  onEth1,
  onEth3,
  type PlanSpec,
  planInput,
  planOf,
  pod,
  says,
  WRITTEN_AT,
} from './fixtures.ts';
import { linesOf } from './lines.ts';

/* One test for each row of the table in docs/design.md, "What plan decides". */

const X = '172.16.1.70';
const ON_ETH1 = [eth0(), eth1([X])];
const ON_ETH1_OF_TWO = [eth0(), eth1([X]), eth3()];
const MINUTE = 60_000;
const terminating = { terminating: true } as const;
const p = pod('p', [onEth1(X)]);

/** What is decided, and what is written before EC2 is asked. */
function decided(spec: PlanSpec, enisReadAt = WRITTEN_AT): string[] {
  const input = planInput(spec);
  const decision = planOf(input);
  const writes = writesOf(input, decision, { enisReadAt, now: enisReadAt });
  const lines = writes.map(({ address: each, eniId, entry }) =>
    entry === undefined
      ? `forget ${each} of ${eniId}`
      : ['write', each, 'of', eniId, entry.state, entry.pod?.name].filter(Boolean).join(' '),
  );
  return [...linesOf(decision), ...lines].sort();
}

describe('an address that a live pod speaks for, and that EC2 shows on its ENI,', () => {
  it('is kept if the entry says assigned for this pod, and nothing is written', () => {
    const written = says('assigned p');
    expect(decided({ enis: ON_ETH1, pods: [p], written })).toEqual([`keep ${X} on eni-1 for p`]);
  });

  it('is kept if the entry says assigned for a pod that is gone, and this pod is written', () => {
    const written = says('assigned gone');
    expect(decided({ enis: ON_ETH1, pods: [p], written })).toEqual([
      `keep ${X} on eni-1 for p`,
      `write ${X} of eni-1 assigned p`,
    ]);
  });

  it('is kept if the entry names a pod that passes it on, and this pod is written', () => {
    const going = pod('going', [onEth1(X)], terminating);
    const written = says('assigned going');
    expect(decided({ enis: ON_ETH1, pods: [going, p], written })).toEqual([
      `keep ${X} on eni-1 for p`,
      `write ${X} of eni-1 assigned p`,
    ]);
  });

  it.each(['assigning p', 'releasing p', 'assigning gone', 'releasing gone'])(
    'is assigned again if the entry says %s, and assigning is written',
    (text) => {
      expect(decided({ enis: ON_ETH1, pods: [p], written: says(text) })).toEqual([
        `keep ${X} on eni-1 for p, again`,
        `write ${X} of eni-1 assigning p`,
      ]);
    },
  );

  it.each(['assigning going', 'releasing going'])(
    'stays as it is, and so does the entry %s, if its pod terminates',
    (text) => {
      const pods = [pod('going', [onEth1(X)], terminating)];
      expect(decided({ enis: ON_ETH1, pods, written: says(text) })).toEqual([
        `keep ${X} on eni-1 for going`,
      ]);
    },
  );

  it('is adopted if there is no entry, and all claimants are of one namespace', () => {
    const pods = [p, pod('q', [onEth1(X)], { createdAt: 9 })];
    expect(decided({ enis: ON_ETH1, pods, written: says('none') })).toEqual([
      `keep ${X} on eni-1 for p`,
      `problem ${X} conflict with p for q`,
      `write ${X} of eni-1 assigned p`,
    ]);
  });

  it('is not touched if there is no entry, and the claimants are of several namespaces: all are told', () => {
    const pods = [p, pod('q', [onEth1(X)], { namespace: 'other' })];
    expect(decided({ enis: ON_ETH1, pods, written: says('none') })).toEqual([
      `problem ${X} unrecorded for p`,
      `problem ${X} unrecorded for q`,
    ]);
  });
});

describe('an address that a live pod speaks for, and that EC2 shows nowhere,', () => {
  it.each([
    'none',
    'assigning p',
    'assigned gone',
    'assigning gone',
    'releasing p',
    'releasing gone',
  ])('is assigned if the entry says %s, and assigning is written', (text) => {
    expect(decided({ pods: [p], written: says(text) })).toEqual([
      `assign ${X} on eni-1 for p`,
      `write ${X} of eni-1 assigning p`,
    ]);
  });

  it('is assigned if the entry says assigned for this pod, and stays so: it is never turned back', () => {
    expect(decided({ pods: [p], written: says('assigned p') })).toEqual([
      `assign ${X} on eni-1 for p`,
    ]);
  });

  it('is not assigned to a pod that terminates', () => {
    const pods = [pod('p', [onEth1(X)], terminating)];
    expect(decided({ pods, written: says('assigned p') })).toEqual([]);
  });
});

describe('an address that a live pod speaks for, and that another managed ENI of its node has,', () => {
  const onThird = [pod('p', [onEth3(X)])];

  it.each(['assigned', 'assigned gone', 'assigning gone', 'releasing gone'])(
    'moves if the entry there says %s: releasing is written there, and assigning here',
    (text) => {
      const written = says(text);
      const [, of] = text.split(' ');
      expect(decided({ enis: ON_ETH1_OF_TWO, pods: onThird, written })).toEqual([
        `move ${X} on eni-3 from eni-1 for p`,
        ['write', X, 'of eni-1 releasing', of].filter(Boolean).join(' '),
        `write ${X} of eni-3 assigning p`,
      ]);
    },
  );

  it('stays there if there is no entry: nobody knows whose it is', () => {
    expect(decided({ enis: ON_ETH1_OF_TWO, pods: onThird, written: says('none') })).toEqual([
      `problem ${X} held-elsewhere not-recorded for p`,
    ]);
  });
});

describe('an address that the ledger names a live pod for, where EC2 shows it,', () => {
  it.each(['assigned p', 'assigning p', 'releasing p'])(
    'is held there if the entry says %s and its claim fits no ENI any more, and the pod is told why',
    (text) => {
      const pods = [pod('p', [claim(X, { master: 'eth2' })])];
      expect(decided({ pods, enis: [...ON_ETH1, eth2InOtherSubnet], written: says(text) })).toEqual(
        [`hold ${X} on eni-1 for p`, `problem ${X} outside-subnet for p`],
      );
    },
  );

  it('is held there if its claim fits another ENI and it terminates', () => {
    const pods = [pod('p', [claim(X, { mac: eth3().mac })], terminating)];
    expect(decided({ enis: ON_ETH1_OF_TWO, pods, written: says('assigned p') })).toEqual([
      `hold ${X} on eni-1 for p`,
    ]);
  });
});

const eth2InOtherSubnet = eth3([], {
  id: 'eni-2',
  deviceIndex: 2,
  subnetId: 'subnet-3',
  primary: ['172.16.3.10'],
});

describe('an address that a live pod speaks for, and that another node’s ENI has,', () => {
  it('is taken over from a holder that passes it on', () => {
    expect(takeOver({ written: says('assigned p'), pods: [{ ...p, terminating: true }] })).toBe(
      'take',
    );
  });

  it.each(['assigned gone', 'assigning gone', 'releasing gone', 'assigned'])(
    'is taken over as a leftover of ours if nobody claims it there and the entry says %s',
    (text) => {
      expect(takeOver({ written: says(text) })).toBe('take');
    },
  );

  it.each(['assigned p', 'assigning p', 'releasing p', 'assigned gone', 'none'])(
    'stays with a holder that keeps it if the entry says %s: a conflict',
    (text) => {
      expect(takeOver({ written: says(text), pods: [p] })).toBe('conflict with p');
    },
  );

  it('stays if nobody claims it there and there is no entry: nobody knows whose it is', () => {
    expect(takeOver({ written: says('none') })).toBe('not-recorded on eni-1');
  });
});

describe('an address that no live pod claims, on a managed ENI of the node,', () => {
  it.each(['assigned', 'assigned gone', 'assigning gone', 'releasing gone'])(
    'is released if the entry says %s: releasing is written, and it is unassigned',
    (text) => {
      const [, of] = text.split(' ');
      expect(decided({ enis: ON_ETH1, written: says(text) })).toEqual([
        `release ${X} on eni-1`,
        ['write', X, 'of eni-1 releasing', of].filter(Boolean).join(' '),
      ]);
    },
  );

  it('is released without an entry if the configuration says that it is ours', () => {
    const isOurs = (each: string) => each === X;
    expect(decided({ enis: ON_ETH1, written: says('none'), isOurs })).toEqual([
      `release ${X} on eni-1`,
      `write ${X} of eni-1 releasing`,
    ]);
  });

  it('is foreign if there is no entry: it is reported, and nothing is written', () => {
    expect(decided({ enis: ON_ETH1, written: says('none') })).toEqual([`foreign ${X} on eni-1`]);
  });
});

describe('an address that no live pod claims, and that EC2 does not show,', () => {
  it.each(['assigned gone', 'assigning gone'])(
    'gets a tombstone if the entry says %s, and nothing is sent',
    (text) => {
      expect(decided({ written: says(text) })).toEqual([`write ${X} of eni-1 releasing gone`]);
    },
  );

  it('keeps its tombstone for two minutes, and loses it then', () => {
    const written = says('releasing gone');
    expect(decided({ written }, WRITTEN_AT + 2 * MINUTE)).toEqual([]);
    expect(decided({ written }, WRITTEN_AT + 2 * MINUTE + 1)).toEqual([`forget ${X} of eni-1`]);
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FAILURES } from '../../../cli/probe/failures.ts';
import type { PodFacts } from '../../../cli/probe/pod-facts.ts';
import { rowsOf } from '../../../cli/probe/rows.ts';
import type { ProbeSeen, Side } from '../../../cli/probe/seen.ts';
import type { ProbeReport } from '../../../shared/probe.ts';
import { address } from '../shared/plan/fixtures.ts';

interface Change {
  readonly facts?: Partial<PodFacts>;
  readonly report?: Partial<ProbeReport> | 'none';
  readonly side?: Partial<Side>;
}

const WELL: ProbeReport = {
  run: 'r',
  link: { up: true, state: 'up', mtu: 1500 },
  reversePath: { mode: 0, dropped: 0 },
  duplicates: [],
  leaves: { gateway: 'net1', peer: 'net1', beyond: 'net1' },
  gateway: { answered: 3 },
  peer: { answered: 3, pinged: 3, received: 3 },
  longest: { tried: 1500, passed: 1500, done: true },
};

function sideOf(name: 'a' | 'b', { facts, report, side }: Change = {}): Side {
  const ip = address(name === 'a' ? '172.16.1.70' : '172.16.1.71');
  return {
    node: name,
    pod: `probe-${name}`,
    warnings: [],
    attachedAt: 1_000,
    assignedAt: 1_300,
    answeredAt: 2_000,
    facts: {
      name: `probe-${name}`,
      uid: name,
      deleted: false,
      hasLog: true,
      told: true,
      attachment: { network: 'default/net', interface: 'net1', ips: [ip] },
      condition: { status: 'True', reason: 'Assigned', message: `assigned: ${ip} on eni-0` },
      ...facts,
    },
    ...(report === 'none' ? {} : { report: { ...WELL, ...report } }),
    ...side,
  };
}

function seenOf(a: Change = {}, b: Change = {}): ProbeSeen {
  return { network: 'default/net', gateway: '172.16.1.1', sides: [sideOf('a', a), sideOf('b', b)] };
}

const failures = (seen: ProbeSeen) =>
  rowsOf(seen)
    .filter(({ result }) => result === 'failed')
    .map(({ code, check, node, to = '' }) => `${code} ${check} ${node}${to}`);

const silent = { answered: 0, pinged: 0, received: 0 };
const SILENT = { peer: silent, gateway: { answered: 0 } };
const NO_PEER = { peer: silent };

describe('a network', () => {
  test('of which all is well fails nothing, and says how long it took', () => {
    expect(failures(seenOf())).toEqual([]);
    const texts = rowsOf(seenOf()).map(({ check, text }) => `${check}: ${text}`);
    expect(texts).toContain('address: 172.16.1.70 on net1, assigned 0.30 s after network-status');
    expect(texts).toContain(
      'answer: the first came 1.00 s after network-status, 0.70 s after assigned',
    );
  });

  test.each<[string, Change, Change, string[]]>([
    [
      'a pod that was not made',
      { facts: { hasLog: false, told: false, attachment: undefined, waits: 'x' } },
      SILENTLY(),
      ['pod-not-started pod a'],
    ],
    [
      'a pod that somebody removed',
      { side: { gone: true } },
      SILENTLY(),
      ['pod-not-started pod a'],
    ],
    [
      'a container that does not start',
      { facts: { hasLog: false, hopeless: 'ErrImagePull' } },
      SILENTLY(),
      ['pod-not-started pod a'],
    ],
    [
      'a range that is used up',
      {
        facts: { hasLog: false, told: false, attachment: undefined },
        side: { warnings: ['FailedCreatePodSandBox: no IP addresses available in range set'] },
      },
      SILENTLY(),
      ['no-room pod a'],
    ],
    [
      'a node without room',
      {
        facts: {
          hasLog: false,
          told: false,
          attachment: undefined,
          waits: '0/2 nodes are available: 1 Insufficient multus-eni.dev/net.',
        },
      },
      SILENTLY(),
      ['no-room pod a'],
    ],
    [
      'a pod that Multus missed',
      { facts: { told: false, attachment: undefined } },
      SILENTLY(),
      ['not-attached pod a'],
    ],
    [
      'another network alone',
      { facts: { attachment: undefined } },
      SILENTLY(),
      ['not-attached pod a'],
    ],
    [
      'nobody who assigns',
      { facts: { condition: undefined }, report: SILENT },
      SILENTLY(),
      ['not-assigned address a'],
    ],
    ['a full ENI', { facts: told('EniFull'), report: SILENT }, SILENTLY(), ['no-room address a']],
    [
      'an ENI without the tag',
      { facts: told('EniUntagged'), report: SILENT },
      SILENTLY(),
      ['not-assigned address a'],
    ],
    [
      'a conflict',
      { facts: told('Conflict'), report: SILENT },
      SILENTLY(),
      ['duplicate-address address a'],
    ],
    [
      'a failed detection',
      { report: { ...SILENT, duplicates: ['2600::1'] } },
      SILENTLY(),
      ['duplicate-address duplicate a'],
    ],
    [
      'a master that is down',
      { report: { ...SILENT, link: { up: false, state: 'lowerlayerdown', mtu: 1500 } } },
      SILENTLY(),
      ['link-down link a'],
    ],
    [
      'no interface',
      { report: { ...SILENT, link: undefined } },
      SILENTLY(),
      ['no-interface link a'],
    ],
    [
      'a gateway that is silent',
      { report: { gateway: { answered: 0 } } },
      {},
      ['gateway-unreachable gateway a'],
    ],
    [
      'a gateway elsewhere',
      { report: { gateway: { answered: 0 }, leaves: { gateway: 'eth0', peer: 'net1' } } },
      {},
      ['wrong-route gateway a'],
    ],
    [
      'nothing that arrives',
      { report: NO_PEER },
      { report: NO_PEER },
      ['peer-unreachable to the peer ab', 'peer-unreachable to the peer ba'],
    ],
    [
      'a port that is filtered',
      { report: { peer: { ...silent, pinged: 3 } } },
      { report: { peer: { ...silent, pinged: 3 } } },
      ['port-filtered to the peer ab', 'port-filtered to the peer ba'],
    ],
    [
      'packets that leave elsewhere',
      { report: { ...NO_PEER, leaves: { gateway: 'net1', peer: 'eth0' } } },
      { report: { peer: { answered: 3, pinged: 3, received: 0 } } },
      ['wrong-route to the peer ab'],
    ],
    [
      'answers that leave elsewhere',
      { report: { peer: { answered: 0, pinged: 0, received: 3 } } },
      { report: { leaves: { gateway: 'net1', peer: 'eth0' } } },
      ['wrong-route reply path ab'],
    ],
    [
      'answers that get lost',
      { report: { peer: { answered: 0, pinged: 0, received: 3 } } },
      {},
      ['reply-lost reply path ab'],
    ],
    [
      'a strict filter at the other pod',
      { report: NO_PEER },
      {
        report: {
          peer: { answered: 3, pinged: 3, received: 0 },
          reversePath: { mode: 1, dropped: 9 },
        },
      },
      ['rp-filter to the peer ab'],
    ],
    [
      'a strict filter at the pod itself',
      {
        report: {
          peer: { answered: 0, pinged: 0, received: 3 },
          reversePath: { mode: 1, dropped: 9 },
        },
      },
      {},
      ['rp-filter reply path ab'],
    ],
    [
      'long packets that get lost',
      { report: { longest: { tried: 9001, passed: 1500, done: true } } },
      {},
      ['mtu mtu ab'],
    ],
    [
      'a pod whose log says nothing',
      { report: 'none' },
      { report: { peer: silent } },
      ['not-tried link a'],
    ],
  ])('with %s is told once, and where', (_, a, b, expected) => {
    expect(failures(seenOf(a, b))).toEqual(expected);
  });

  test('with a log that cannot be read says why', () => {
    const side = { unread: 'dial tcp 172.20.1.4:10250: i/o timeout' };
    const rows = rowsOf(seenOf({ report: 'none', side }, SILENTLY()));
    const text = `the pod has not said how its link is, and its log cannot be read: ${side.unread}`;
    expect(rows).toContainEqual(expect.objectContaining({ code: 'not-tried', text }));
  });

  test('with one address for both pods is told of both', () => {
    const ips = [address('172.16.1.70')];
    const attachment = { network: 'default/net', interface: 'net1', ips };
    const b = { facts: { attachment, ...told('Conflict') }, report: SILENT };
    expect(failures(seenOf({ report: NO_PEER }, b))).toEqual([
      'duplicate-address duplicate a',
      'duplicate-address address b',
    ]);
  });

  test('of IPv6 alone is not blamed for a gateway of IPv4', () => {
    const v6 = (ip: string) => ({
      attachment: { network: 'default/net', interface: 'net1', ips: [address(ip)] },
    });
    const report = { gateway: { answered: 0 } };
    const a = { facts: v6('2600:1f18::1'), report };
    expect(failures(seenOf(a, { facts: v6('2600:1f18::2'), report }))).toEqual([]);
  });

  test('that answers no one outside its subnet by itself is told so, and passes', () => {
    const beyond = { gateway: 'net1', peer: 'net1', beyond: 'eth0' };
    const seen = seenOf({}, { report: { leaves: beyond, reversePath: { mode: 1, dropped: 0 } } });
    expect(failures(seen)).toEqual([]);
    const [reply] = rowsOf(seen).filter(({ check }) => check === 'reply path');
    expect(reply?.text).toContain('to other subnets they leave by eth0');
  });
});

/** The other pod, whose partner answers nothing. */
function SILENTLY(): Change {
  return { report: NO_PEER };
}

function told(reason: string): Partial<PodFacts> {
  return { condition: { status: 'False', reason, message: 'assigned: none' } };
}

test('the reference lists each failure as it is printed', () => {
  const page = readFileSync('docs/reference/probe.md', 'utf8');
  for (const [code, { means, fix }] of Object.entries(FAILURES)) {
    expect(page).toContain(`| \`${code}\` | ${means} | ${fix} |`);
  }
});

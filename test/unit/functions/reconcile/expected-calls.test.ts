import { describe, expect, test } from 'vitest';
import { callsOf, expectedCalls } from '../../../../functions/reconcile/expected-calls.ts';
import type { Move, Release } from '../../../../shared/plan/verdict.ts';
import { placed } from '../../shared/drift/outcomes.ts';
import { address } from '../../shared/plan/fixtures.ts';

const NOW = Date.UTC(2026, 0, 1);
const ASSIGNS = { assigns: true, unassigns: false };
const RELEASES = { assigns: false, unassigns: true };

const asked = (expects: typeof ASSIGNS, ageMs = 0) => {
  return { expects, since: NOW - ageMs };
};

describe('the calls that a node’s messages let expect', () => {
  test('are one for each managed ENI, of which a node that was not read has two', () => {
    expect(expectedCalls(asked(ASSIGNS), {}, NOW)).toEqual({ AssignPrivateIpAddresses: 2 });
    expect(expectedCalls(asked(ASSIGNS), { managedEnis: 3 }, NOW)).toEqual({
      AssignPrivateIpAddresses: 3,
    });
    expect(expectedCalls(asked(RELEASES), {}, NOW)).toEqual({ UnassignPrivateIpAddresses: 2 });
  });

  test('are none for news of new pods that earlier news of the node has most likely served', () => {
    expect(expectedCalls(asked(ASSIGNS, 18_000), {}, NOW)).not.toEqual({});
    expect(expectedCalls(asked(ASSIGNS, 18_001), {}, NOW)).toEqual({});
    const both = { assigns: true, unassigns: true };
    expect(expectedCalls(asked(both, 60_000), {}, NOW)).toEqual({});
  });

  test('are the same however old a release is', () => {
    expect(expectedCalls(asked(RELEASES, 600_000), {}, NOW)).not.toEqual({});
  });
});

describe('the calls of a decision', () => {
  const releases = (eniId: string, ...texts: readonly string[]): Release[] =>
    texts.map((text) => ({ want: 'release', eniId, address: address(text) }));

  test('are one for each ENI and family', () => {
    const verdicts = [
      ...releases('eni-1', '172.16.1.100', '172.16.1.101', '2001:db8::100'),
      ...releases('eni-2', '172.16.1.102'),
    ];
    expect(callsOf(verdicts)).toEqual({
      UnassignPrivateIpAddresses: 2,
      UnassignIpv6Addresses: 1,
    });
  });

  test('of an address that moves are two, and of what stays none', () => {
    const keep = placed('172.16.1.100', 'eni-2');
    const move: Move = { ...keep, want: 'move', from: 'eni-1', rivals: [], needsRoom: false };
    expect(callsOf([move])).toEqual({ AssignPrivateIpAddresses: 1, UnassignPrivateIpAddresses: 1 });
    expect(callsOf([keep])).toEqual({});
    expect(callsOf([{ ...keep, again: true }])).toEqual({ AssignPrivateIpAddresses: 1 });
  });
});

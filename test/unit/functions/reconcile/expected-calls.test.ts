import { describe, expect, test } from 'vitest';
import { callsOf, expectedCalls } from '../../../../functions/reconcile/expected-calls.ts';
import type { Plan } from '../../../../shared/plan/decision.ts';
import { address } from '../../shared/plan/fixtures.ts';

const NOTHING: Plan = {
  keep: [],
  held: [],
  assign: [],
  move: [],
  waiting: [],
  release: [],
  releaseUnseen: [],
  foreign: [],
  problems: [],
  ignored: 0,
};
const NOW = Date.UTC(2026, 0, 1);
const ASSIGNS = { assigns: true, unassigns: false };
const RELEASES = { assigns: false, unassigns: true };

const asked = (expects: typeof ASSIGNS, ageMs = 0) => {
  return { assignKept: false, expects, since: NOW - ageMs };
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

describe('the calls of a plan', () => {
  const named = (eniId: string, count: number, from = '172.16.1.') =>
    Array.from({ length: count }, (_, index) => ({
      eniId,
      address: address(`${from}${100 + index}`),
    }));
  const unseen = (...placements: ReturnType<typeof named>) =>
    callsOf({ ...NOTHING, releaseUnseen: placements }, []);

  test('are one for each of a few addresses that the read does not show', () => {
    expect(unseen(...named('eni-1', 2), ...named('eni-2', 1))).toEqual({
      UnassignPrivateIpAddresses: 3,
    });
  });

  test('are one for each ENI and family where more are not shown', () => {
    expect(
      unseen(...named('eni-1', 150), ...named('eni-2', 3), ...named('eni-1', 9, '2001:db8::')),
    ).toEqual({ UnassignPrivateIpAddresses: 2, UnassignIpv6Addresses: 1 });
  });
});

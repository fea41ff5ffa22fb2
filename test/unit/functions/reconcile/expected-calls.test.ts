import { describe, expect, test } from 'vitest';
import { expectedCalls } from '../../../../functions/reconcile/expected-calls.ts';

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

import { expect, it } from 'vitest';
import { type Entry, isChanged } from './harness/ledgers.ts';

/* When nothing is to be done, ledgers do not change: what counts as a change. */

const KEY = 'eni-1 172.16.1.70';
const assigned: Entry = { state: 'Assigned', at: 1, uid: 'p' };
const assigning: Entry = { ...assigned, state: 'Assigning' };
const NONE = new Map<string, Entry>();
const only = (entry: Entry) => new Map([[KEY, entry]]);

it('what stays as it is did not change', () => {
  expect(isChanged(only(assigned), only({ ...assigned }))).toBe(false);
});

it.each([
  ['another state', only(assigning)],
  ['another pod', only({ ...assigned, uid: 'q' })],
  ['another time', only({ ...assigned, at: 2 })],
  ['no entry any more', NONE],
])('what is assigned and then has %s changed', (_, after) => {
  expect(isChanged(only(assigned), after)).toBe(true);
});

it('a new entry is a change', () => {
  expect(isChanged(NONE, only(assigning))).toBe(true);
});

it('what was only to be assigned may go, and may become nothing else', () => {
  expect(isChanged(only(assigning), NONE)).toBe(false);
  expect(isChanged(only(assigning), only(assigned))).toBe(true);
});

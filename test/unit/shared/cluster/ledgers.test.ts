import { describe, expect, it } from 'vitest';
import {
  type Entry,
  type Ledger,
  ledgerFromObject,
  objectOfLedger,
} from '../../../../shared/cluster/ledgers.ts';
import { MalformedObjectError } from '../../../../shared/cluster/malformed.ts';
import { address } from '../plan/fixtures.ts';

const X = '172.16.1.74';
const AT = '2026-12-02T04:24:23.000Z';
const POD = { namespace: 'demo', name: 'app-0', uid: 'uid-0' };
const metadata = { name: 'eni-1', resourceVersion: '7' };
const withEntry = (entry: object, key = X) => ({
  metadata,
  addresses: { [key]: { state: 'Assigned', at: AT, ...entry } },
});
const SIGNATURE = { at: Date.parse(AT), by: 'request-1', node: 'worker-a', instanceId: 'i-1' };

function ledger(entries: readonly (readonly [string, Entry])[], more: Partial<Ledger> = {}) {
  return {
    eniId: 'eni-1',
    entries: new Map(entries.map(([key, entry]) => [address(key), entry])),
    ...more,
  };
}

describe('an ENILedger object is read', () => {
  it.each([
    ['Assigning', 'assigning'],
    ['Assigned', 'assigned'],
    ['Releasing', 'releasing'],
    ['Released', 'released'],
  ])('with the state %s', (state, read) => {
    expect(ledgerFromObject(withEntry({ state, pod: POD })).entries).toEqual(
      new Map([[X, { state: read, at: Date.parse(AT), pod: POD }]]),
    );
  });

  it('with an entry of no pod, and without addresses', () => {
    expect(ledgerFromObject(withEntry({})).entries.get(address(X))).toEqual({
      state: 'assigned',
      at: Date.parse(AT),
    });
    expect(ledgerFromObject({ metadata })).toMatchObject({ eniId: 'eni-1', version: '7' });
  });

  it('with what others wrote into its metadata, which stays', () => {
    const labels = { team: 'core' };
    const annotations = { note: 'by hand' };
    const read = ledgerFromObject({ metadata: { ...metadata, labels, annotations } });
    expect(objectOfLedger(read, SIGNATURE).metadata).toMatchObject({
      labels: { ...labels, 'multus-eni.dev/instance': 'i-1' },
      annotations,
      resourceVersion: '7',
    });
  });
});

describe('nothing is decided from a part of an ENILedger, as it has', () => {
  it.each([
    ['a state of a version that is not known', withEntry({ state: 'Moving' }), 'state'],
    ['an entry without a time', withEntry({ at: undefined }), 'at'],
    ['half a pod', withEntry({ pod: { namespace: 'demo', name: 'app-0' } }), 'pod.uid'],
    ['a key that is no address', withEntry({}, 'all'), 'address'],
    [
      'one address twice, in two spellings',
      {
        metadata,
        addresses: {
          '2001:db8::4a': { state: 'Assigned', at: AT },
          '2001:db8:0::4a': { state: 'Releasing', at: AT },
        },
      },
      'address',
    ],
    ['no resourceVersion', { metadata: { name: 'eni-1' } }, 'metadata.resourceVersion'],
    ['a list of addresses', { metadata, addresses: [] }, 'addresses'],
  ])('%s', (_, object, field) => {
    const read = () => ledgerFromObject(object);
    expect(read).toThrow(MalformedObjectError);
    expect(read).toThrow(field);
    expect(read).toThrow('ENILedger eni-1');
  });
});

describe('an ENILedger object is written', () => {
  const assigned = { state: 'assigned', at: Date.parse(AT), pod: POD } as const;

  it('with its counts, who signed, and no version if there is none yet', () => {
    const entries = [
      [X, assigned],
      ['172.16.1.75', { ...assigned, state: 'assigning' }],
      ['172.16.1.76', { state: 'releasing', at: 0 }],
      ['172.16.1.77', { state: 'released', at: 0 }],
    ] as const;
    const object = objectOfLedger(ledger(entries), SIGNATURE);
    expect(object).toMatchObject({
      apiVersion: 'multus-eni.dev/v1',
      kind: 'ENILedger',
      metadata: { name: 'eni-1' },
      summary: { node: 'worker-a', instance: 'i-1', assigned: 1, busy: 1, releasing: 1 },
      written: { at: AT, by: 'request-1' },
    });
    expect(object.metadata).not.toHaveProperty('resourceVersion');
    expect(object.addresses[X]).toEqual({ state: 'Assigned', at: AT, pod: POD });
  });

  it('and kept out of backups: an old one names pods that are gone', () => {
    const labels = { 'velero.io/exclude-from-backup': 'false' };
    const given = ledger([], { metadata: { labels } });
    expect(objectOfLedger(given, SIGNATURE).metadata.labels).toMatchObject({
      'velero.io/exclude-from-backup': 'true',
    });
  });

  it('so that it is read as it was', () => {
    const given = ledger([[X, assigned]], { version: '7' });
    expect(ledgerFromObject(objectOfLedger(given, SIGNATURE)).entries).toEqual(given.entries);
  });
});

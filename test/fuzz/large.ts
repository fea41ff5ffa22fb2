/**
 * The largest of what there can be, and larger: annotations of the 256 KiB that Kubernetes keeps,
 * and of 1 MiB; a message of the 1 MiB that SQS takes.
 */
import { readBatch } from '../../functions/reconcile/queue/records.ts';
import { requestOf } from '../../functions/reconcile/queue/request.ts';
import { parseAssigned, parseProblems } from '../../shared/claims/condition-message.ts';
import { parseFloatingIps } from '../../shared/claims/floating-ips.ts';
import { missedNetworks } from '../../shared/claims/missed-networks.ts';
import { parseNetwork } from '../../shared/claims/net-attach-def.ts';
import { parseNetworkStatus } from '../../shared/claims/network-status.ts';
import { rangesOf } from '../../shared/claims/ranges.ts';
import {
  FLOATING_IPS,
  NETWORK_STATUS,
  NETWORKS,
  RANGES,
} from '../../shared/cluster/annotations.ts';
import { parseMessage } from '../../shared/messages/schema.ts';
import { plainPod } from '../support/plain-pod.ts';

const MIB = 1_048_576;
const KEPT = 262_144;
const MANY = 10_000;

/** A reader, and what makes its input, which is none of its time. */
export interface LargeInput {
  readonly name: string;
  readonly make: () => string;
  readonly read: (text: string) => unknown;
}

function many<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

const ipv4 = (index: number): string => `10.0.${index >> 8}.${index & 255}`;
const ipv6 = (index: number): string => `2600:1f18:1111:1::${index.toString(16)}`;

const attachment = (index: number) => ({
  name: `default/net-${index}`,
  interface: `net${index}`,
  ips: [ipv4(index)],
  mac: '02:00:00:00:00:01',
  dns: {},
});

const status = (text: string) => parseNetworkStatus({ [NETWORK_STATUS]: text }, 'default');
const missed = (text: string) =>
  missedNetworks(plainPod({ sandboxSince: 0, annotations: { [NETWORKS]: text } }), []);
const floating = (text: string) => parseFloatingIps({ [FLOATING_IPS]: text });

function network(definition: { readonly config?: string; readonly ranges?: string }) {
  const { config, ranges } = definition;
  const annotations: Record<string, string> = ranges === undefined ? {} : { [RANGES]: ranges };
  const read = parseNetwork({ namespace: 'default', name: 'net', uid: 'n1', config, annotations });
  return read.ok ? rangesOf([read.network]) : read;
}

const podEvent = (index: number, ips: readonly string[]) => ({
  event: 'delete',
  namespace: 'default',
  name: `app-${index}`,
  uid: `uid-${index}`,
  ips,
});

function message(pods: readonly unknown[], more: object = {}): string {
  const observedAt = '2026-03-01T12:00:00Z';
  const about = { version: 1, cluster: 'demo', node: 'node-a', reason: 'pods', observedAt };
  return JSON.stringify({ ...about, pods, ...more });
}

function batch(body: string) {
  const attributes = { ApproximateReceiveCount: '1', MessageGroupId: 'demo/node-a' };
  const record = { messageId: 'm', receiptHandle: 'h', body, attributes };
  const { received, malformed } = readBatch({ Records: [record] });
  const ofNode = received.flatMap(({ message, envelope }) =>
    message.reason === 'heartbeat' ? [] : [{ message, envelope }],
  );
  return [requestOf('node-a', ofNode, Date.parse('2026-03-01T12:00:00Z')), malformed];
}

export const LARGE: readonly LargeInput[] = [
  {
    name: 'a network-status of 10,000 attachments with an address each',
    make: () => JSON.stringify(many(MANY, attachment)),
    read: status,
  },
  {
    name: 'a network-status of 256 KiB, all attachments',
    make: () => JSON.stringify(many(7700, (index) => ({ name: `net-${index}`, ips: [] }))),
    read: status,
  },
  {
    name: 'a network-status of as many addresses as are read',
    make: () => JSON.stringify([{ name: 'net', ips: many(1000, ipv6) }]),
    read: status,
  },
  {
    name: 'a network-status of 256 KiB, one attachment with nothing but addresses',
    make: () => JSON.stringify([{ name: 'net', ips: many(19_000, ipv4) }]),
    read: status,
  },
  {
    name: 'a network-status of 256 KiB, nested to the end',
    make: () => '['.repeat(KEPT / 2) + ']'.repeat(KEPT / 2),
    read: status,
  },
  {
    name: 'a network-status of 1 MiB, nested to the end',
    make: () => '['.repeat(MIB / 2) + ']'.repeat(MIB / 2),
    read: status,
  },
  {
    name: 'a network-status of 256 KiB, all one text',
    make: () => JSON.stringify([{ name: 'x'.repeat(KEPT - 20) }]),
    read: status,
  },
  {
    name: 'a request for as many networks as are read, of which none is attached',
    make: () => many(1000, (index) => `other/net-${index}`).join(','),
    read: missed,
  },
  {
    name: 'a request of 1 MiB, for one network again and again',
    make: () => 'a,'.repeat(MIB / 2),
    read: missed,
  },
  {
    name: 'a request of 256 KiB for one network, as JSON',
    make: () => JSON.stringify([{ name: 'x'.repeat(KEPT) }]),
    read: missed,
  },
  {
    name: 'a floating-ips of 1 MiB',
    make: () => JSON.stringify(many(35_000, ipv6)),
    read: floating,
  },
  {
    name: 'a floating-ips with as many addresses as are read',
    make: () => JSON.stringify(many(1000, (index) => ({ ip: ipv6(index), since: null }))),
    read: floating,
  },
  {
    name: 'a ranges annotation of 10,000 single addresses',
    make: () => many(MANY, (index) => ipv4(2 * index)).join(','),
    read: (ranges) => network({ ranges }),
  },
  {
    name: 'a whereabouts range with 10,000 holes',
    make: () => {
      const exclude = many(MANY, (index) => ipv4(2 * index));
      const ipam = { type: 'whereabouts', range: '10.0.0.0/16', exclude };
      return JSON.stringify({ type: 'ipvlan', master: 'eth1', ipam });
    },
    read: (config) => network({ config }),
  },
  {
    name: 'a message of 10,000 pods with an address each',
    make: () => message(many(MANY, (index) => podEvent(index, [ipv4(index)]))),
    read: batch,
  },
  {
    name: 'a message of one pod with 10,000 addresses',
    make: () => message([podEvent(0, many(MANY, ipv6))]),
    read: batch,
  },
  {
    name: 'a message of 10,000 addresses that pods of one other node let go of, each at its own time',
    make: () =>
      message([], {
        letGo: many(MANY, (index) => ({
          node: 'node-b',
          observedAt: new Date(Date.UTC(2026, 2, 1, 12) - index).toISOString(),
          ips: [ipv4(index)],
        })),
      }),
    read: batch,
  },
  {
    name: 'a message of 10,000 pods of which none is right',
    make: () => message(many(MANY, () => ({ event: 1, ips: 'x', more: 1 }))),
    read: parseMessage,
  },
  {
    name: 'a condition that lists 10,000 addresses and 10,000 problems',
    make: () => {
      const assigned = many(MANY, (index) => `${ipv4(index)} on eni-0123`).join(', ');
      const problems = many(MANY, (index) => `${ipv4(index)}: eni-full: no room`).join('; ');
      return `assigned: ${assigned}; ${problems}`;
    },
    read: (text) => [parseAssigned(text), parseProblems(text)],
  },
];

import { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { claimsOf } from '../../../shared/claims/pod-claims.ts';
import { FLOATING_IPS, NETWORK_STATUS } from '../../../shared/cluster/annotations.ts';
import { CONDITION_TYPE } from '../../../shared/cluster/kubernetes.ts';
import { ledgerFromObject, objectOfLedger } from '../../../shared/cluster/ledgers.ts';
import { listAll } from '../../../shared/cluster/list.ts';
import { nodeFromObject } from '../../../shared/cluster/nodes.ts';
import { podFromObject } from '../../../shared/cluster/pods.ts';
import { readItems } from '../../../shared/cluster/read-items.ts';
import { mutated } from '../hostile.ts';
import { fuzzTarget } from '../target.ts';
import { checkCanonical, conditionMessage, floatingIps, networkStatus } from './annotations.ts';
import { isMalformed } from './networks.ts';

const time = fc.constantFrom('2026-03-01T10:00:00Z', '2026-03-01T10:00:00.123456Z');

const pod = fc.record({
  metadata: fc.record(
    {
      namespace: fc.constant('default'),
      name: fc.constant('app'),
      uid: fc.constant('uid-app'),
      creationTimestamp: time,
      deletionTimestamp: time,
      annotations: fc.record(
        { [NETWORK_STATUS]: networkStatus, [FLOATING_IPS]: floatingIps },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: ['namespace', 'name', 'uid', 'creationTimestamp'] },
  ),
  spec: fc.record(
    {
      nodeName: fc.constantFrom('node-a', ''),
      hostNetwork: fc.boolean(),
      readinessGates: fc.constant([{ conditionType: CONDITION_TYPE }]),
    },
    { requiredKeys: [] },
  ),
  status: fc.record(
    {
      phase: fc.constantFrom('Pending', 'Running', 'Succeeded', 'Failed'),
      conditions: fc.array(
        fc.record({
          type: fc.constantFrom('Ready', CONDITION_TYPE),
          status: fc.constantFrom('True', 'False'),
          reason: fc.constant('Assigned'),
          message: conditionMessage,
        }),
        { maxLength: 2 },
      ),
    },
    { requiredKeys: [] },
  ),
});

const node = fc.record({
  metadata: fc.record({
    name: fc.constant('ip-172-16-0-10.ec2.internal'),
    uid: fc.constant('uid-node'),
    labels: fc.constant({ 'node.kubernetes.io/instance-type': 'm5.large' }),
  }),
  spec: fc.record({
    providerID: fc.constantFrom(
      'aws:///us-east-1a/i-0123456789abcdef0',
      'aws:///us-east-1a/0a1b2c/fargate-ip-10-0-0-1.ec2.internal',
      'eks-hybrid:///eu-central-1/demo/mi-0123',
    ),
  }),
});

const entry = fc.record(
  {
    state: fc.constantFrom('Assigning', 'Assigned', 'Releasing', 'Released'),
    at: time,
    pod: fc.record({
      namespace: fc.constant('default'),
      name: fc.constant('app'),
      uid: fc.constantFrom('uid-app', ''),
    }),
  },
  { requiredKeys: ['state', 'at'] },
);

const ledger = fc.record(
  {
    apiVersion: fc.constantFrom('multus-eni.dev/v1', 'multus-eni.dev/v2'),
    metadata: fc.record(
      {
        name: fc.constant('eni-0123456789abcdef0'),
        resourceVersion: fc.constant('7'),
        labels: fc.constant({ 'multus-eni.dev/instance': 'i-0123456789abcdef0' }),
        annotations: fc.constant({ 'example.com/note': 'edited by hand' }),
      },
      { requiredKeys: ['name', 'resourceVersion'] },
    ),
    addresses: fc.dictionary(
      fc.constantFrom('172.16.1.70', '2600:1F18:1111:1::0070', '172.16.1.070', '__proto__', 'x'),
      entry,
    ),
  },
  { requiredKeys: ['metadata'] },
);

const list = mutated(
  fc.record({
    metadata: fc.constant({ resourceVersion: '1' }),
    items: fc.array(node, { maxLength: 3 }),
  }),
);

export const OBJECTS = [
  fuzzTarget({
    name: 'Pod object',
    inputs: mutated(pod),
    read(object) {
      const read = podFromObject(object);
      return [read, claimsOf(read, { networks: new Map() })];
    },
    mayThrow: isMalformed,
  }),
  fuzzTarget({
    name: 'Node object',
    inputs: mutated(node),
    read: nodeFromObject,
    mayThrow: isMalformed,
  }),
  fuzzTarget({
    name: 'ENILedger object',
    inputs: mutated(ledger),
    read(object) {
      const read = ledgerFromObject(object);
      checkCanonical([...read.entries.keys()]);
      const written = objectOfLedger(read, { at: 0, by: 'request' });
      if (!isDeepStrictEqual(ledgerFromObject(written).entries, read.entries)) {
        throw new Error('what is written is not what was read');
      }
      return read;
    },
    mayThrow: isMalformed,
  }),
  fuzzTarget({
    name: 'list of Nodes',
    inputs: list,
    // One page: a list whose every page names a next one is the API server's to end.
    read: (page) =>
      listAll({
        parse: nodeFromObject,
        page: ({ continue: next }, each) => {
          const text = JSON.stringify(next ? LAST : page) ?? 'null';
          return readItems(Readable.from(text.match(/[\s\S]{1,7}/g) ?? []), 'GET nodes', each);
        },
      }),
    mayThrow: isMalformed,
  }),
];

const LAST = { metadata: {}, items: [] };

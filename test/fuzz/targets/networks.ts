import fc from 'fast-check';
import { parseAddress } from '../../../shared/address.ts';
import { parseNetwork } from '../../../shared/claims/net-attach-def.ts';
import { parseRangeList } from '../../../shared/claims/range-list.ts';
import { rangesOf } from '../../../shared/claims/ranges.ts';
import { IGNORE, RANGES } from '../../../shared/cluster/annotations.ts';
import { MalformedObjectError } from '../../../shared/cluster/malformed.ts';
import { networkFromObject } from '../../../shared/cluster/networks.ts';
import { hostileText, mutated, mutatedText } from '../hostile.ts';
import { checkDetail } from '../result.ts';
import { fuzzTarget } from '../target.ts';
import { address, block } from './values.ts';

const hostLocalRange = fc.record(
  { subnet: block, rangeStart: address, rangeEnd: address, gateway: address },
  { requiredKeys: ['subnet'] },
);

const ipam = fc.oneof(
  hostLocalRange.map((range) => ({ type: 'host-local', ...range })),
  fc.array(fc.array(hostLocalRange, { maxLength: 2 }), { maxLength: 2 }).map((ranges) => ({
    type: 'host-local',
    ranges,
  })),
  fc.record(
    {
      type: fc.constant('whereabouts'),
      range: fc.oneof(block, fc.constant('172.16.1.70-172.16.1.80/24')),
      range_start: address,
      range_end: address,
      exclude: fc.array(fc.oneof(block, address), { maxLength: 3 }),
    },
    { requiredKeys: ['type', 'range'] },
  ),
  fc.record({
    type: fc.constant('static'),
    addresses: fc.array(fc.record({ address }), { maxLength: 3 }),
  }),
  fc.constant({ type: 'dhcp' }),
);

const plugin = fc.record(
  {
    cniVersion: fc.constant('0.3.1'),
    type: fc.constantFrom('ipvlan', 'macvlan', 'host-device', 'bridge'),
    master: fc.constantFrom('eth1', 'ens6'),
    ipam,
  },
  { requiredKeys: ['type'] },
);

const config = mutatedText(
  fc.oneof(
    plugin,
    fc.array(plugin, { maxLength: 3 }).map((plugins) => ({ plugins })),
  ),
);

const rangeList = fc.oneof(
  mutatedText(fc.array(fc.oneof(block, address, fc.constant('172.16.1.70-172.16.1.80')))),
  fc.array(fc.oneof(block, address, hostileText), { maxLength: 5 }).map((list) => list.join(',')),
);

const network = mutated(
  fc.record({
    apiVersion: fc.constant('k8s.cni.cncf.io/v1'),
    kind: fc.constant('NetworkAttachmentDefinition'),
    metadata: fc.record({
      namespace: fc.constant('default'),
      name: fc.constant('net-1'),
      uid: fc.constant('n1'),
      annotations: fc.record(
        { [RANGES]: rangeList, [IGNORE]: fc.constantFrom('true', 'false') },
        { requiredKeys: [] },
      ),
    }),
    spec: fc.record(
      { config: fc.oneof({ weight: 9, arbitrary: config }, fc.anything()) },
      { requiredKeys: [] },
    ),
  }),
);

const PROBE = parseAddress('172.16.1.70');

/** @throws if a range does not hold what it says, or a search in it does not end. */
function search(ranges: readonly { family: 4 | 6; first: bigint; last: bigint }[]): void {
  for (const { first, last } of ranges) {
    if (first > last) throw new Error(`a range from ${first} to ${last}`);
  }
  if (PROBE !== undefined) rangesOf([{ ranges }]).includes(PROBE);
}

export const NETWORKS = [
  fuzzTarget({
    name: 'NetworkAttachmentDefinition',
    inputs: network,
    read(object) {
      const read = parseNetwork(networkFromObject(object));
      if (read.ok) search(read.network.ranges);
      return read;
    },
    mayThrow: isMalformed,
  }),
  fuzzTarget({
    name: 'annotation ranges',
    inputs: rangeList,
    read(text) {
      const read = parseRangeList(text);
      if (read.ok) search(read.value);
      return read;
    },
  }),
];

/** The exception that names the object, in one line. */
export function isMalformed(error: unknown): boolean {
  if (!(error instanceof MalformedObjectError)) return false;
  checkDetail(error.message);
  return true;
}

import fc from 'fast-check';
import { parseAddress } from '../../../shared/address.ts';
import { parseAssigned, parseProblems } from '../../../shared/claims/condition-message.ts';
import { parseFloatingIps } from '../../../shared/claims/floating-ips.ts';
import { parseAskedNetworks } from '../../../shared/claims/missed-networks.ts';
import { parseNetworkStatus } from '../../../shared/claims/network-status.ts';
import { claimsOf } from '../../../shared/claims/pod-claims.ts';
import {
  FLOATING_IPS,
  NETWORK_STATUS,
  NETWORKS,
  NETWORKS_STATUS,
} from '../../../shared/cluster/annotations.ts';
import { plainPod } from '../../support/plain-pod.ts';
import { hostileText, mutatedText, padded } from '../hostile.ts';
import { fuzzTarget } from '../target.ts';
import { address } from './values.ts';

const attachment = fc.record(
  {
    name: fc.constantFrom('default/net-1', 'net-2', 'other/net-1'),
    interface: fc.constantFrom('net1', 'net2', ''),
    ips: fc.array(address, { maxLength: 3 }),
    mac: fc.constantFrom('02:00:00:00:00:01', '02:AA:bb:00:00:01', ''),
    default: fc.boolean(),
    dns: fc.constant({}),
    'device-info': fc.constant({ type: 'pci', version: '1.0.0' }),
  },
  { requiredKeys: ['name'] },
);

export const networkStatus = mutatedText(fc.array(attachment, { maxLength: 4 }));

export const floatingIps = mutatedText(
  fc.array(
    fc.oneof(
      address,
      fc.record(
        {
          ip: address,
          since: fc.constantFrom('2026-03-01T10:00:00Z', '2026-03-01T12:00:00+02:00'),
        },
        { requiredKeys: ['ip'] },
      ),
    ),
    { maxLength: 4 },
  ),
);

const asked = fc.record(
  {
    name: fc.constantFrom('net-1', 'net-2', '../net', ''),
    namespace: fc.constantFrom('default', 'other', '', '..'),
    interface: fc.constantFrom('net1', ''),
    ips: fc.array(address, { maxLength: 2 }),
  },
  { requiredKeys: ['name'] },
);
const askedShort = fc
  .array(fc.constantFrom('net-1', 'other/net-2@net7', ' net-1 ', '', 'a/b/c', '@', '/'))
  .map((items) => items.join(','));
const askedNetworks = fc.oneof(
  mutatedText(fc.array(asked, { maxLength: 4 })),
  padded(askedShort),
  hostileText,
);

/** @throws unless it is the name of one namespace and of one network in it. */
function checkNetworkName(network: string): void {
  const parts = network.split('/');
  const isRight = parts.length === 2 && parts.every((each) => /^[a-z0-9][-.a-z0-9]*$/.test(each));
  if (!isRight) throw new Error(`${network} names no network`);
}

const part = fc.constantFrom(
  'assigned: 172.16.1.70 on eni-0abc, 2600:1f18:1111:1::70 on eni-0def',
  'assigned: none',
  '172.16.1.71: conflict: held by pod a/b on node c',
  '172.16.1.72: held-elsewhere: on eni-0123',
  'unreadable-annotation: not JSON',
);

export const conditionMessage = padded(
  fc
    .array(fc.oneof({ weight: 3, arbitrary: part }, hostileText), { maxLength: 5 })
    .map((parts) => parts.join('; ')),
);

/** @throws if an address is not in its canonical text: it would not be compared as what it is. */
export function checkCanonical(addresses: readonly string[]): void {
  const wrong = addresses.find((text) => parseAddress(text) !== text);
  if (wrong !== undefined) throw new Error(`${wrong} is no canonical address`);
}

export const ANNOTATIONS = [
  fuzzTarget({
    name: 'annotation network-status',
    inputs: fc.tuple(networkStatus, fc.constantFrom(NETWORK_STATUS, NETWORKS_STATUS)),
    read([text, name]) {
      const read = parseNetworkStatus({ [name]: text }, 'default');
      if (read.ok) checkCanonical(read.attachments.flatMap(({ ips }) => ips));
      return read;
    },
  }),
  fuzzTarget({
    name: 'annotation networks',
    inputs: askedNetworks,
    read(text) {
      const read = parseAskedNetworks(text, 'default');
      if (read.ok) read.value.forEach(checkNetworkName);
      return read;
    },
  }),
  fuzzTarget({
    name: 'annotation floating-ips',
    inputs: floatingIps,
    read(text) {
      const read = parseFloatingIps({ [FLOATING_IPS]: text });
      if (read.ok) checkCanonical(read.floating.map((floating) => floating.address));
      return read;
    },
  }),
  fuzzTarget({
    name: 'condition message',
    inputs: conditionMessage,
    read(message) {
      const [assigned, problems] = [parseAssigned(message), parseProblems(message)];
      checkCanonical([...assigned, ...problems].map((entry) => entry.address));
      return [assigned, problems];
    },
  }),
  fuzzTarget({
    name: 'claims of a pod',
    inputs: fc.record({ networkStatus, floatingIps, conditionMessage, askedNetworks }),
    read(input) {
      const claims = claimsOf(
        {
          ...plainPod(),
          sandboxSince: 0,
          annotations: {
            [NETWORKS]: input.askedNetworks,
            [NETWORK_STATUS]: input.networkStatus,
            [FLOATING_IPS]: input.floatingIps,
          },
          condition: { status: 'True', reason: 'Assigned', message: input.conditionMessage },
        },
        { networks: new Map() },
      );
      checkCanonical(claims?.claims.map((claim) => claim.address) ?? []);
      return claims;
    },
  }),
];

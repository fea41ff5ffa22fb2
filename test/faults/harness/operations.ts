import fc from 'fast-check';
import { addExtraEni, attachAsEth3, callByHand, tagEth1 } from '../world/others.ts';
import { createPod, type VirtualPod } from '../world/pods.ts';
import type { NetworkName } from '../world/world.ts';
import type { Player } from './workload.ts';

/* What may happen in a random schedule. */

export const NODES = ['a', 'b', 'c'] as const;
/** A pod each; some of one name, in two namespaces. */
const SLOTS = [
  { namespace: 'default', name: 'p-0' },
  { namespace: 'default', name: 'p-1' },
  { namespace: 'default', name: 'p-2' },
  { namespace: 'other', name: 'p-0' },
  { namespace: 'other', name: 'p-1' },
] as const;
type Slot = (typeof SLOTS)[number];
/** Few, so that they meet; the last is in no range. */
const ADDRESSES: readonly { readonly network: NetworkName; readonly ip: string }[] = [
  { network: 'net-1', ip: '172.16.1.70' },
  { network: 'net-1', ip: '172.16.1.71' },
  { network: 'net-1', ip: '172.16.1.72' },
  { network: 'net-2', ip: '172.16.3.70' },
  { network: 'net-6', ip: '2600:1f18:1111:1::70' },
  { network: 'loose', ip: '172.16.1.240' },
];

const slot = fc.constantFrom(...SLOTS);
const attached = fc.constantFrom(...ADDRESSES);
const floating = fc.constantFrom(...ADDRESSES.slice(0, -1));

export const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('start' as const),
      slot,
      node: fc.constantFrom(...NODES),
      attached,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('attach' as const), slot, attached }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('terminate' as const), slot }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('remove' as const), slot }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('float' as const), slot, attached: floating }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('detach' as const), slot }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('finish' as const), slot }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('node-goes' as const),
      node: fc.constantFrom(...NODES),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sweep' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('malformed' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('watches-break' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('tag' as const),
      node: fc.constantFrom(...NODES),
      on: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('define' as const),
      range: fc.constantFrom('172.16.1.70-172.16.1.70', '172.16.1.71-172.16.1.250'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('eni-goes' as const), to: fc.constantFrom(...NODES) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('by-hand' as const),
      node: fc.constantFrom(...NODES),
      ip: fc.constantFrom('172.16.1.70', '172.16.1.71', '172.16.1.240', '172.16.1.241'),
      assigns: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(3_000) }) },
);
export type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** What there is so far. */
export interface Played {
  readonly pods: Map<Slot, VirtualPod>;
  /** Nodes without a Node object. */
  readonly gone: Set<string>;
  /** A second ENI in the subnet of eth1. */
  extra?: string;
}

export function operate(
  player: Player,
  played: Played,
  each: Exclude<Operation, { kind: 'wait' }>,
): void {
  const { world, cluster } = player;
  const { pods, gone } = played;
  switch (each.kind) {
    case 'start':
      pods.get(each.slot)?.remove();
      pods.set(each.slot, createPod(player.cluster, each.slot.name, { ...each, ...each.slot }));
      pods.get(each.slot)?.attach(each.attached);
      return;
    case 'attach':
      pods.get(each.slot)?.attach(each.attached);
      return;
    case 'detach':
      pods.get(each.slot)?.attach();
      return;
    case 'float': {
      const since = new Date(player.world.clock.now()).toISOString();
      pods.get(each.slot)?.float([{ ip: each.attached.ip, since }]);
      return;
    }
    case 'terminate':
      pods.get(each.slot)?.terminate();
      return;
    case 'finish':
      pods.get(each.slot)?.finish();
      return;
    case 'remove':
      pods.get(each.slot)?.remove();
      return;
    case 'node-goes':
      if (gone.has(each.node)) return;
      gone.add(each.node);
      player.cluster.api.objects.delete('nodes', { name: each.node });
      return;
    case 'tag':
      tagEth1(world, cluster, each.node, each.on);
      return;
    case 'define':
      cluster.editNetwork('net-1', { range: each.range });
      return;
    case 'eni-goes':
      played.extra ??= addExtraEni(world, cluster, each.to);
      attachAsEth3(world, cluster, played.extra, each.to);
      return;
    case 'by-hand': {
      const action = each.assigns ? 'AssignPrivateIpAddresses' : 'UnassignPrivateIpAddresses';
      callByHand(world, cluster, action, each.node, each.ip);
      return;
    }
    case 'sweep':
      player.sweep();
      return;
    case 'watches-break':
      player.breakWatches();
      return;
    case 'malformed':
      player.sendMalformed('a');
  }
}

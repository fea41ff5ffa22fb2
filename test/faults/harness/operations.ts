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

const node = fc.constantFrom(...NODES);

/** One kind of operation, with what is chosen for it, and how often it is among others. */
function kind<K extends string, T extends object>(
  weight: number,
  name: K,
  chosen: { readonly [Key in keyof T]: fc.Arbitrary<T[Key]> },
) {
  const arbitrary = fc.record<T>(chosen).map((fields) => ({ kind: name, ...fields }));
  return { weight, arbitrary };
}

export const operation = fc.oneof(
  kind(6, 'start', { slot, node, attached }),
  kind(3, 'attach', { slot, attached }),
  kind(4, 'terminate', { slot }),
  kind(5, 'remove', { slot }),
  kind(3, 'float', { slot, attached: floating }),
  kind(1, 'detach', { slot }),
  kind(1, 'finish', { slot }),
  kind(1, 'node-goes', { node }),
  kind(1, 'sweep', {}),
  kind(1, 'malformed', {}),
  kind(1, 'watches-break', {}),
  kind(1, 'tag', { node, on: fc.boolean() }),
  kind(1, 'define', {
    range: fc.constantFrom('172.16.1.70-172.16.1.70', '172.16.1.71-172.16.1.250'),
  }),
  kind(1, 'eni-goes', { to: node }),
  kind(1, 'by-hand', {
    node,
    ip: fc.constantFrom('172.16.1.70', '172.16.1.71', '172.16.1.240', '172.16.1.241'),
    assigns: fc.boolean(),
  }),
  kind(2, 'wait', { ms: fc.nat(3_000) }),
);
export type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** What there is so far. */
export interface PlayedOperation {
  readonly pods: Map<Slot, VirtualPod>;
  /** Nodes without a Node object. */
  readonly gone: Set<string>;
  /** A second ENI in the subnet of eth1. */
  extra?: string;
}

export function operate(
  player: Player,
  played: PlayedOperation,
  each: Exclude<Operation, { kind: 'wait' }>,
): void {
  const { world, cluster } = player;
  const { pods, gone } = played;
  const pod = 'slot' in each ? pods.get(each.slot) : undefined;
  switch (each.kind) {
    case 'start':
      pod?.remove();
      pods.set(each.slot, createPod(cluster, each.slot.name, { ...each, ...each.slot }));
      pods.get(each.slot)?.attach(each.attached);
      return;
    case 'attach':
      pod?.attach(each.attached);
      return;
    case 'detach':
      pod?.attach();
      return;
    case 'float': {
      const since = new Date(world.clock.now()).toISOString();
      pod?.float([{ ip: each.attached.ip, since }]);
      return;
    }
    case 'terminate':
      pod?.terminate();
      return;
    case 'finish':
      pod?.finish();
      return;
    case 'remove':
      pod?.remove();
      return;
    case 'node-goes':
      if (gone.has(each.node)) return;
      gone.add(each.node);
      cluster.api.objects.delete('nodes', { name: each.node });
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

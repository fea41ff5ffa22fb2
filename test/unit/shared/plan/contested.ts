import {
  type Contested,
  decideTakeOver,
  type HolderNode,
} from '../../../../shared/plan/conflict.ts';
import { ledgersFrom } from '../../../../shared/plan/ledger.ts';
import type { Claimant } from '../../../../shared/plan/speaker.ts';
import {
  address,
  eth0,
  eth1,
  ledgers,
  NODE,
  RANGES,
  readings,
  recorded,
  SUBNETS,
  TAG,
  type Written,
} from './fixtures.ts';

/* Addresses that another node's ENI has. */

const ON_ETH1 = ['172.16.1.70', '172.16.1.200'] as const;

/** Of namespace `default`, claiming by network-status, unless `spec` says otherwise. */
export function claimant(
  spec: Partial<Claimant> & { readonly name?: string; readonly namespace?: string } = {},
): Claimant {
  const { name = 'claimant', namespace = 'default', ...rest } = spec;
  return {
    pod: { namespace, name, uid: `uid-${name}` },
    createdAt: 10,
    terminating: false,
    floating: false,
    since: 10,
    ...rest,
  };
}

export interface HolderSpec extends Partial<Omit<HolderNode, 'ledgers'>> {
  readonly written?: Written;
}

/** A node whose eth1 has two addresses, and that has no pods unless `spec` says so. */
export function holderNode({ written, ...spec }: HolderSpec = {}): HolderNode {
  const enis = spec.enis ?? [eth0(), eth1(ON_ETH1)];
  const said = readings(enis, written);
  return {
    node: NODE,
    subnets: SUBNETS,
    ranges: RANGES,
    managedTag: TAG,
    ...spec,
    enis,
    ledgers: ledgersFrom({ kind: 'ledgers', byEni: said }),
    pods: recorded(spec.pods ?? [], said),
  };
}

export interface ContestedSpec extends Partial<Omit<Contested, 'ledgers'>> {
  readonly written?: Written;
  readonly pods?: HolderNode['pods'];
}

/** The first address of eth1 of a node, whose ledger has what it has, and the pods of that node. */
export function contested({
  eni = eth1(ON_ETH1),
  pods = [],
  written,
  ...spec
}: ContestedSpec): Contested {
  return {
    cluster: 'demo',
    address: address(ON_ETH1[0]),
    claimant: claimant(),
    eni,
    ledgers: ledgers([eni], written),
    holderNode: holderNode({ pods, ...(written && { written }) }),
    stranded: [],
    unassigns: true,
    canRecord: true,
    ...spec,
  };
}

/** Whether it is taken from there: `take`, or why not. */
export function takeOver(spec: ContestedSpec): string {
  const decision = decideTakeOver(contested(spec));
  if (decision.kind === 'held-elsewhere') return `${decision.why} on ${decision.eniId}`;
  return decision.kind === 'conflict' ? `conflict with ${decision.holder.pod.name}` : decision.kind;
}

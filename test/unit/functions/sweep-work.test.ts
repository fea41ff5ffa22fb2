import { expect, it } from 'vitest';
import { createControls } from '../../../functions/control.ts';
import { sweepClusters } from '../../../functions/sweep/sweep-clusters.ts';
import { DEFAULT_MANAGED_TAG } from '../../../shared/enis/ec2.ts';
import type { Eni } from '../../../shared/enis/eni.ts';
import type { EniInventory } from '../../../shared/enis/inventory.ts';
import { POLICIES } from '../../../shared/plan/policy.ts';
import type { ClusterAccess } from '../../../shared/state/cluster-access.ts';
import { systemClock } from '../../../shared/time/clock.ts';
import {
  inMemoryKubernetes,
  ipvlanDefinition,
  podWith,
} from '../../support/in-memory-kubernetes.ts';
import { recordedTelemetry } from '../../support/telemetry.ts';
import { cidr, eni } from '../shared/plan/fixtures.ts';

const PODS = 5;
const ADDRESSES = { id: 'subnet-1', blocks: [cidr('10.0.0.0/8')] };

/** Where the addresses are that the pods claim: on no ENI, or on those of the next node. */
type Where = 'nowhere' | 'on the next node';

/**
 * Sweeps so many nodes, of whose pods none has its address.
 *
 * @param crowd what else is in the subnet, each a page of its own.
 * @returns what it found, how often it read anything of an ENI or of a Node, and how it looked for
 *   those who have the addresses.
 */
async function sweep(nodes: number, where: Where, crowd: readonly Eni[] = []) {
  let reads = 0;
  const asked = { pages: 0, addresses: 0 };
  const counted = <T extends object>(object: T): T =>
    new Proxy(object, {
      get(target, key, receiver) {
        reads += 1;
        return Reflect.get(target, key, receiver);
      },
    });
  const claimed = Array.from({ length: nodes }, (_, node) =>
    Array.from({ length: PODS }, (_, pod) => `10.${node >> 8}.${node & 255}.${9 + pod}`),
  );
  const kubernetes = inMemoryKubernetes();
  kubernetes.networks = [ipvlanDefinition('eth1', 'eth1')];
  kubernetes.nodes = claimed.map((_, node) =>
    counted({ name: `node-${node}`, uid: `uid-${node}`, instanceId: `i-${node}` }),
  );
  kubernetes.pods = claimed.flatMap((ips, node) =>
    ips.map((ip) => podWith(`node-${node}`, `pod-${ip}`, [ip])),
  );
  const byInstance = new Map(
    claimed.map((_, node) => {
      const secondary = where === 'nowhere' ? [] : claimed.at(node - 1);
      const instanceId = `i-${node}`;
      return [instanceId, counted(eni({ id: `eni-${node}`, instanceId, secondary }))] as const;
    }),
  );
  const inventory: EniInventory = {
    managed: async () => [...byInstance.values()],
    ofInstances: async (ids) => ids.flatMap((id) => byInstance.get(id) ?? []),
    async withAddresses(_, addresses) {
      asked.addresses += addresses.length;
      return crowd.filter(({ secondary }) => secondary.some((each) => addresses.includes(each)));
    },
    async *inSubnets() {
      for (const page of crowd) {
        asked.pages += 1;
        yield [page];
      }
    },
    withIds: async () => [],
    newestAttachment: () => undefined,
  };
  const known = async () => new Map([[ADDRESSES.id, ADDRESSES]]);
  const ec2 = {
    send: () => Promise.reject(new Error('no call is expected')),
  };
  const telemetry = recordedTelemetry();
  const access: ClusterAccess = {
    cluster: 'demo',
    kubernetes,
    ec2: {
      client: ec2,
      managedTag: DEFAULT_MANAGED_TAG,
      inventory,
      subnets: { of: known, again: known },
      limitsOf: async () => undefined,
    },
    policy: POLICIES.sync,
    clock: systemClock,
    telemetry,
  };
  const served = { config: { name: 'demo', policy: POLICIES.sync }, queueUrl: 'q' };
  const context = {
    clock: systemClock,
    telemetry,
    sendTo: () => async () => {},
    inventory,
    accessTo: async () => access,
    controls: createControls(undefined, async () => undefined, { clock: systemClock, telemetry }),
    clusters: { named: async () => served, find: async () => served },
  };
  await sweepClusters(context, ['demo'], 600_000);
  const found = {
    missing: telemetry.total('DriftMissing'),
    conflicting: telemetry.total('DriftConflicting'),
  };
  return { found, reads, asked };
}

it.each<Where>(['nowhere', 'on the next node'])(
  'a sweep of twice the nodes is twice the work, if what is claimed is %s',
  async (where) => {
    const [one, two] = [await sweep(100, where), await sweep(200, where)];
    const all = 200 * PODS;
    expect(two.found).toEqual(
      where === 'nowhere' ? { missing: all, conflicting: 0 } : { missing: 0, conflicting: all },
    );
    expect(two.reads / one.reads).toBeLessThan(2.1);
  },
);

/** So many pages of ENIs, of which the last has an address that a pod claims. */
function crowdOf(pages: number): Eni[] {
  return Array.from({ length: pages }, (_, page) =>
    eni({ id: `eni-crowd-${page}`, secondary: page === pages - 1 ? ['10.0.0.9'] : [] }),
  );
}

it.each([
  { pages: 5, asked: { pages: 5, addresses: 0 } },
  // 1,000 addresses are five calls.
  { pages: 50, asked: { pages: 6, addresses: 1_000 } },
])(
  'a sweep lists $pages pages of a subnet for who has the addresses, or asks by address if that is less',
  async ({ pages, asked }) => {
    const swept = await sweep(200, 'nowhere', crowdOf(pages));
    expect(swept.asked).toEqual(asked);
    expect(swept.found).toEqual({ missing: 999, conflicting: 1 });
  },
);

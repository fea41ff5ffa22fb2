import { MANAGED_TAG } from '../../sandbox/worker.ts';
import type { World } from '../../sandbox/world.ts';
import { NETWORK_STATUS } from '../../shared/cluster/annotations.ts';

/** Of all annotations of an object together: k8s.io/apimachinery, TotalAnnotationSizeLimitB. */
const MOST_ANNOTATED = 256 * 1024;
const CONFIG_CHARACTERS = 1_000_000;
const INSTANCE_TYPE = 'm5.24xlarge';
const TENANT = 'tenant';

/** How many of what a tenant has. */
export interface TenantSize {
  readonly nodes: number;
  readonly pods: number;
  readonly definitions: number;
  /** How many of the pods flap. */
  readonly flapping: number;
}

/** A cluster with one tenant, whose pods are on every node. */
export interface TenantCluster {
  /** The tenant's pods and definitions come. Its pods have their addresses. */
  addTenant(): void;
  /** One of the flapping pods claims its other address. */
  flap(): void;
}

/** Fills a world with nodes that have a managed ENI each, and the network on them. */
export function createTenantCluster(world: World, size: TenantSize): TenantCluster {
  const { objects } = world.cluster.kubernetes;
  objects.create('namespaces', { metadata: { name: TENANT } });
  const ipam = { type: 'host-local', ranges: [[{ subnet: '10.1.0.0/16' }]] };
  objects.create('network-attachment-definitions', {
    metadata: { namespace: 'default', name: 'net' },
    spec: { config: JSON.stringify({ type: 'ipvlan', master: 'eth1', ipam }) },
  });
  const nodes = addNodes(world, size);
  const annotated = (nth: number, second = false) => {
    const { mac } = nodes[nth % size.nodes] ?? {};
    const status = statusOf(addressOf(TENANT_FROM + nth + (second ? size.pods : 0)), mac);
    return { [NETWORK_STATUS]: status.padEnd(MOST_ANNOTATED - NETWORK_STATUS.length) };
  };
  let flaps = 0;
  return {
    addTenant() {
      for (let nth = 0; nth < size.definitions; nth += 1) {
        const metadata = { namespace: TENANT, name: `large-${nth}` };
        const spec = { config: textOf(CONFIG_CHARACTERS) };
        objects.create('network-attachment-definitions', { metadata, spec });
      }
      for (let nth = 0; nth < size.pods; nth += 1) {
        const nodeName = nodes[nth % size.nodes]?.name;
        const metadata = { namespace: TENANT, name: `pod-${nth}`, annotations: annotated(nth) };
        objects.create('pods', { metadata, spec: { nodeName, containers: CONTAINERS } });
      }
    },
    flap() {
      const nth = flaps % size.flapping;
      const isSecond = Math.floor(flaps / size.flapping) % 2 === 0;
      flaps += 1;
      const metadata = { annotations: annotated(nth, isSecond) };
      objects.patch('pods', { namespace: TENANT, name: `pod-${nth}` }, { metadata });
    },
  };
}

const CONTAINERS = [{ name: 'app', image: 'app' }];
/** Where in the subnet the tenant's addresses begin. */
const TENANT_FROM = 1_024;

function addressOf(nth: number): string {
  return `10.1.${nth >> 8}.${nth & 255}`;
}

function addNodes({ ec2, cluster }: World, { nodes, pods }: TenantSize) {
  const life = ec2.addSubnet({ cidr: '10.0.0.0/16' });
  const multus = ec2.addSubnet({ cidr: '10.1.0.0/16' });
  return Array.from({ length: nodes }, (_, node) => {
    const name = `node-${node}`;
    const own = Array.from({ length: pods }, (_, nth) => nth).filter((nth) => nth % nodes === node);
    const secondary = own.map((nth) => addressOf(TENANT_FROM + nth));
    const { instanceId, enis } = ec2.addInstance({
      type: INSTANCE_TYPE,
      enis: [
        { deviceIndex: 0, subnetId: life },
        {
          ...{ deviceIndex: 1, subnetId: multus, tags: MANAGED_TAG, secondary },
          primary: addressOf(16 + node),
        },
      ],
    });
    cluster.kubernetes.objects.create('nodes', {
      metadata: { name, labels: { 'node.kubernetes.io/instance-type': INSTANCE_TYPE } },
      spec: { providerID: `aws:///us-east-1a/${instanceId}` },
    });
    return { name, mac: enis[1]?.mac };
  });
}

function statusOf(address: string, mac: string | undefined): string {
  return JSON.stringify([
    { name: 'aws-cni', interface: 'eth0', ips: ['10.0.200.1'], default: true, dns: {} },
    { name: 'default/net', interface: 'net1', ips: [address], mac, dns: {} },
  ]);
}

/** A configuration that is JSON, so that it has quotes to escape, and that does not compress to nothing. */
function textOf(characters: number): string {
  const routes: object[] = [];
  for (let length = 0; length < characters; ) {
    const route = { dst: `10.${routes.length & 255}.0.0/16`, gw: Math.random().toString(36) };
    length += JSON.stringify(route).length + 1;
    routes.push(route);
  }
  return JSON.stringify({ type: 'ipvlan', master: 'eth1', routes });
}

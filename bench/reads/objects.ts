import { NETWORK_STATUS } from '../../shared/cluster/annotations.ts';

/** Kubelets tell of 50 images by default (KubeletConfiguration, nodeStatusMaxImages). */
const IMAGES = 50;
const MANAGERS = ['kubelet', 'aws-cloud-controller-manager', 'kube-controller-manager'];

/** A Node of the usual length, as EKS has it. */
export function nodeObject(name: string, instanceId: string, instanceType: string): object {
  const labels = {
    'beta.kubernetes.io/arch': 'amd64',
    'beta.kubernetes.io/instance-type': instanceType,
    'beta.kubernetes.io/os': 'linux',
    'eks.amazonaws.com/capacityType': 'ON_DEMAND',
    'eks.amazonaws.com/nodegroup': 'multus-workers',
    'eks.amazonaws.com/nodegroup-image': 'ami-0123456789abcdef0',
    'eks.amazonaws.com/sourceLaunchTemplateId': 'lt-0123456789abcdef0',
    'k8s.io/cloud-provider-aws': '0123456789abcdef0123456789abcdef',
    'kubernetes.io/arch': 'amd64',
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'node.kubernetes.io/instance-type': instanceType,
    'topology.k8s.aws/zone-id': 'use1-az1',
    'topology.kubernetes.io/region': 'us-east-1',
    'topology.kubernetes.io/zone': 'us-east-1a',
  };
  return {
    metadata: {
      name,
      labels,
      annotations: {
        'alpha.kubernetes.io/provided-node-ip': '172.20.1.10',
        'csi.volume.kubernetes.io/nodeid': JSON.stringify({ 'ebs.csi.aws.com': instanceId }),
        'node.alpha.kubernetes.io/ttl': '0',
        'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
      },
      managedFields: MANAGERS.map((manager) => managedFields(manager, Object.keys(labels))),
    },
    spec: { providerID: `aws:///us-east-1a/${instanceId}` },
  };
}

function managedFields(manager: string, labels: readonly string[]): object {
  const owned = Object.fromEntries(labels.map((label) => [`f:${label}`, {}]));
  return {
    manager,
    operation: 'Update',
    apiVersion: 'v1',
    time: '2026-01-01T00:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1: {
      'f:metadata': { 'f:labels': { '.': {}, ...owned } },
      'f:spec': { 'f:providerID': {} },
    },
  };
}

/** What a kubelet tells of its node. */
export function nodeStatus(): object {
  const at = '2026-01-01T00:00:00Z';
  const figures = {
    cpu: '16',
    memory: '65012345Ki',
    pods: '250',
    'ephemeral-storage': '104845292Ki',
  };
  const condition = (type: string) => ({
    type,
    status: type === 'Ready' ? 'True' : 'False',
    reason: `Kubelet${type}`,
    message: `kubelet tells of ${type}`,
    lastHeartbeatTime: at,
    lastTransitionTime: at,
  });
  const image = (_: unknown, index: number) => ({
    names: [
      `111122223333.dkr.ecr.us-east-1.amazonaws.com/team/app-${index}@sha256:${'0123456789abcdef'.repeat(4)}`,
      `111122223333.dkr.ecr.us-east-1.amazonaws.com/team/app-${index}:1.0.${index}`,
    ],
    sizeBytes: 123_456_789 + index,
  });
  return {
    capacity: figures,
    allocatable: figures,
    conditions: ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'].map(condition),
    images: Array.from({ length: IMAGES }, image),
  };
}

/** A definition of a network on one of the node's devices, with the addresses that it gives out. */
export function networkObject(name: string, device: number, subnet: string): object {
  const ipam = { type: 'host-local', ranges: [[{ subnet }]], routes: [{ dst: '0.0.0.0/0' }] };
  const config = {
    cniVersion: '0.3.1',
    name,
    type: 'ipvlan',
    master: `eth${device}`,
    mode: 'l3',
    ipam,
  };
  return {
    metadata: { namespace: 'default', name },
    spec: { config: JSON.stringify(config, undefined, 2) },
  };
}

/** A pod of a few kilobytes that is attached to one network. */
export function podObject(
  name: string,
  node: string,
  attached: {
    readonly network: string;
    readonly address: string;
    readonly mac: string | undefined;
  },
): object {
  const { network, address, mac } = attached;
  const status = [
    { name: 'aws-cni', interface: 'eth0', ips: ['10.1.1.1'], default: true, dns: {} },
    { name: `default/${network}`, interface: 'net1', ips: [address], mac, dns: {} },
  ];
  const env = Array.from({ length: 40 }, (_, index) => ({
    name: `VARIABLE_${index}`,
    value: `a value of the usual length, ${name}`,
  }));
  return {
    metadata: {
      name,
      labels: { app: 'app' },
      annotations: { [NETWORK_STATUS]: JSON.stringify(status, undefined, 4) },
    },
    spec: {
      nodeName: node,
      containers: [{ name: 'app', image: 'registry.example.com/app:1', env }],
    },
  };
}

import type { Objects } from '../../sandbox/kubernetes/objects.ts';
import { FLOATING_IPS, NETWORK_STATUS } from '../../shared/cluster/annotations.ts';
import { podFromObject } from '../../shared/cluster/pods.ts';
import type { NodeMessage } from '../../shared/messages/schema.ts';

/** What a pod claims. */
export interface SceneClaims {
  /** By its attachment, as Multus writes it. */
  readonly ips?: readonly string[];
  /** The attachment's, if it is to say which ENI is meant. */
  readonly mac?: string;
  readonly floating?: readonly { readonly ip: string; readonly since?: string }[];
}

export interface ScenePodSpec extends SceneClaims {
  readonly node: string;
  /** Default `ns1`. */
  readonly namespace?: string;
}

/** A pod whose annotations the test writes. */
export interface ScenePod {
  readonly uid: string;
  claim(claims: SceneClaims): void;
  /** It is deleted, and stays until its kubelet is done. */
  terminate(): void;
  /** Its object is gone. */
  remove(): void;
  /** A message that this pod's claims of `ips` have ended. */
  gone(...ips: string[]): Pick<NodeMessage, 'reason' | 'pods'>;
  /** What the pod is told: the reason and the message of its condition; empty before it is told. */
  told(): string;
}

export function scenePod(objects: Objects, name: string, spec: ScenePodSpec): ScenePod {
  const { node, namespace = 'ns1' } = spec;
  if (objects.find('namespaces', { name: namespace }) === undefined) {
    objects.create('namespaces', { metadata: { name: namespace } });
  }
  const ref = { namespace, name };
  const { uid } = objects.create('pods', {
    metadata: { ...ref, annotations: annotationsOf(spec) },
    spec: { nodeName: node, containers: [{ name: 'main', image: 'busybox' }] },
  }).metadata;
  return {
    uid,
    claim(claims) {
      objects.patch('pods', ref, { metadata: { annotations: annotationsOf(claims) } });
    },
    terminate: () => void objects.delete('pods', ref),
    remove: () => void objects.delete('pods', ref, { gracePeriodSeconds: 0 }),
    gone: (...ips) => ({ reason: 'pods', pods: [{ event: 'delete', ...ref, uid, ips }] }),
    told() {
      const { condition } = podFromObject(objects.get('pods', ref));
      return condition === undefined ? '' : `${condition.reason}: ${condition.message}`;
    },
  };
}

function annotationsOf({ ips = [], mac, floating }: SceneClaims): Record<string, string> {
  const eth0 = { name: 'aws-cni', interface: 'eth0', ips: ['10.0.0.2'], default: true };
  const net1 = { name: 'default/net-1', interface: 'net1', ips, mac };
  return {
    [NETWORK_STATUS]: JSON.stringify(ips.length > 0 ? [eth0, net1] : [eth0]),
    ...(floating === undefined ? {} : { [FLOATING_IPS]: JSON.stringify(floating) }),
  };
}

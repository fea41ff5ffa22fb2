import type { Clients } from '../../functions/context.ts';
import type { Kubernetes } from '../../shared/cluster/kubernetes.ts';
import type { Ec2 } from '../../shared/enis/ec2.ts';
import { interposedClient } from './interposed.ts';

/** What the functions asked of EC2, and what they wrote to API servers, the oldest first. */
export interface RecordedCalls {
  readonly ec2: readonly { readonly action: string; readonly input: string }[];
  readonly writes: readonly {
    readonly kind: 'condition' | 'event' | 'node';
    readonly about: string;
  }[];
  clear(): void;
}

/** Records the calls at the clients, so that it does not matter what answers them. */
export function recordedCalls(): RecordedCalls & { wrap(clients: Clients): Clients } {
  const ec2: RecordedCalls['ec2'][number][] = [];
  const writes: RecordedCalls['writes'][number][] = [];

  const recordingEc2 = (client: Ec2): Ec2 =>
    interposedClient(client, ({ name, input }, make) => {
      ec2.push({ action: name, input });
      return make();
    });
  const recordingKubernetes = (kubernetes: Kubernetes): Kubernetes => ({
    ...kubernetes,
    setPodCondition(pod, ...rest) {
      writes.push({ kind: 'condition', about: pod.name });
      return kubernetes.setPodCondition(pod, ...rest);
    },
    patchNodeStatus(node, ...rest) {
      writes.push({ kind: 'node', about: node.name });
      return kubernetes.patchNodeStatus(node, ...rest);
    },
    writeEvent(event, ...rest) {
      writes.push({ kind: 'event', about: event.regarding.name });
      return kubernetes.writeEvent(event, ...rest);
    },
  });

  return {
    ec2,
    writes,
    clear() {
      ec2.length = 0;
      writes.length = 0;
    },
    wrap: (clients) => ({
      ...clients,
      ec2: recordingEc2(clients.ec2),
      ec2Once: recordingEc2(clients.ec2Once),
      kubernetesOf: async (cluster) => recordingKubernetes(await clients.kubernetesOf(cluster)),
    }),
  };
}

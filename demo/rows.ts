import type { World } from '../sandbox/world.ts';
import { parseNetworkStatus } from '../shared/claims/network-status.ts';
import { podFromObject } from '../shared/cluster/pods.ts';
import { reachable } from './vpc.ts';

/** One address of one pod, or one that is on an ENI and no pod's. */
export interface Row {
  readonly pod: string;
  readonly interface: string;
  readonly address: string;
  /** The ENI of the pod's own worker that has the address, `-` where none has. */
  readonly eni: string;
  readonly state: string;
}

const NONE = '-';

/** Every pod's addresses, then those on managed ENIs that no pod has. */
export function rowsOf(world: World): Row[] {
  const { cluster, ec2 } = world;
  const ofPods = cluster.kubernetes.objects
    .list('pods')
    .map((object) => podFromObject(object))
    .flatMap((pod) => {
      const status = parseNetworkStatus(pod.annotations, pod.namespace);
      const attachments = status.ok ? status.attachments : [];
      return attachments.flatMap((attachment) =>
        attachment.ips.map((address): Row => {
          const holder = ec2.holderOf(address);
          const reached = reachable(world, address, pod.node ?? '');
          return {
            pod: pod.name,
            interface: attachment.interface ?? NONE,
            address,
            eni: holder && holder.mac === attachment.mac ? holder.eniId : NONE,
            state: reached ? 'reachable' : `unreachable${because(pod.condition?.reason)}`,
          };
        }),
      );
    });
  const known = new Set(ofPods.map(({ address, eni }) => `${address} ${eni}`));
  const others = cluster
    .workers()
    .flatMap(({ enis }) => enis)
    .filter(({ deviceIndex }) => deviceIndex > 0)
    .flatMap(({ id }) => ec2.eni(id).secondary.map((address) => ({ address, eni: id })))
    .filter(({ address, eni }) => !known.has(`${address} ${eni}`))
    .map((rest): Row => ({ pod: NONE, interface: NONE, ...rest, state: 'no pod has it' }));
  return [...ofPods, ...others];
}

function because(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${reason}`;
}

import { parseNetworkStatus } from '../shared/claims/network-status.ts';
import type { Pod } from '../shared/cluster/kubernetes.ts';
import type { DemoStage } from './stage.ts';

/** One address of one pod, or one that is on an ENI and no pod's. */
export interface DemoRow {
  readonly pod: string;
  readonly interface: string;
  readonly address: string;
  /** The ENI of the pod's own worker that has the address, `-` if none has. */
  readonly eni: string;
  readonly state: string;
}

/** What is looked at for them. */
type RowsStage = Pick<DemoStage, 'cluster' | 'kubectl' | 'world'>;

const NONE = '-';

/** Every pod's addresses, then those on managed ENIs that no pod has. */
export async function demoRows(stage: RowsStage): Promise<DemoRow[]> {
  const { cluster, kubectl, world } = stage;
  const pods = (await kubectl.pods()).filter(({ finished }) => !finished);
  const ofPods = (await Promise.all(pods.map((pod) => rowsOfPod(stage, pod)))).flat();
  const known = new Set(ofPods.map(({ address, eni }) => `${address} ${eni}`));
  const others = [cluster.workers.first, cluster.workers.second]
    .flatMap(({ enis }) => enis)
    .filter(({ deviceIndex }) => deviceIndex > 0)
    .flatMap(({ id }) => world.ec2.eni(id).secondary.map((address) => ({ address, eni: id })))
    .filter(({ address, eni }) => !known.has(`${address} ${eni}`))
    .map((rest): DemoRow => ({ pod: NONE, interface: NONE, ...rest, state: 'no pod has it' }));
  return [...ofPods, ...others];
}

/** The addresses of the pod of that name, if there is one. */
export async function rowsOfPodNamed(stage: RowsStage, name: string): Promise<DemoRow[]> {
  const pod = (await stage.kubectl.pods()).find((each) => each.name === name);
  return pod === undefined ? [] : rowsOfPod(stage, pod);
}

async function rowsOfPod({ cluster, world }: RowsStage, pod: Pod): Promise<DemoRow[]> {
  const status = parseNetworkStatus(pod.annotations, pod.namespace);
  const attachments = status.ok ? status.attachments : [];
  const addresses = attachments.flatMap(({ interface: name = NONE, ips, mac }) =>
    ips.map((address) => ({ name, address, mac })),
  );
  return Promise.all(
    addresses.map(async ({ name, address, mac }): Promise<DemoRow> => {
      const reached = await cluster.reachable(pod, address);
      const holder = world.ec2.holderOf(address);
      return {
        pod: pod.name,
        interface: name,
        address,
        eni: holder && holder.mac === mac ? holder.eniId : NONE,
        state: reached ? 'reachable' : `unreachable${because(pod.condition?.reason)}`,
      };
    }),
  );
}

function because(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${reason}`;
}

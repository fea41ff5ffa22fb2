import { KUBERNETES_GROUP } from '../../shared/cluster/errors.ts';
import { auditPools } from '../../shared/drift/pool-audit.ts';
import { tagText } from '../../shared/state/node-state.ts';
import type { Clock } from '../../shared/time/clock.ts';
import type { Look } from '../access/access.ts';
import type { Output } from '../output.ts';
import { readLeader } from '../status/lease.ts';
import { readView, type View } from '../view/view.ts';
import type { CheckSubject } from './check.ts';
import { readMaxPods } from './max-pods.ts';
import { asked, type MaybeKnown } from './maybe-known.ts';
import { readReservations } from './reservations.ts';
import { RIGHTS, rightText } from './stage/rights.ts';
import { readStageStack, type StageFacts } from './stage/stage.ts';
import { readNeighbours } from './subnet-neighbours.ts';
import { readSubnetReservations } from './subnet-reservations.ts';
import { type SystemPod, systemPodFrom } from './system-pods.ts';

/**
 * Reads what the checks look at in a cluster.
 *
 * @param pre before anything of ours is installed: what is ours is not looked for.
 * @throws what EC2 and the API server throw where nothing can be said without it.
 */
export async function readSubject(
  look: Look,
  pre: boolean,
  clock: Clock,
  output: Output,
): Promise<CheckSubject> {
  const { access, api } = look;
  // Before the pods: a pod exists before whereabouts keeps something for it, so a later list has
  // it.
  const reservations = await readReservations(api, () =>
    output.warn(
      `${access.cluster}: what whereabouts keeps for pods may not be listed, and is not looked at`,
    ),
  );
  const systemPods: SystemPod[] = [];
  api.onPod((object) => {
    const pod = systemPodFrom(object);
    if (pod !== undefined) systemPods.push(pod);
  });
  const view = await readView(access, output.progress);
  const [stage, lacking] = pre ? [] : [await stageOf(look, view, clock), await lackingOf(look)];
  const leader = pre ? undefined : ((await readLeader(api)) ?? 'none');
  const { byName: networks, unreadable } = view.state.networks;
  const now = clock.now();
  return {
    view,
    definitions: view.definitions,
    networks,
    unreadable,
    leader,
    pools: reservations && auditPools(reservations, view.allPods, now),
    subnetReservations: await asked('ec2:GetSubnetCidrReservations', () =>
      readSubnetReservations(access.ec2.client, view),
    ),
    neighbours: await asked('ec2:DescribeNetworkInterfaces', () =>
      readNeighbours(access.ec2.client, view, tagText(access)),
    ),
    maxPods: await asked('get nodes', () => readMaxPods(api, view)),
    systemPods,
    stage,
    lacking,
    ...(!pre && { hasRanges: hasRangesIn(look) }),
    managedTag: tagText(access),
    now,
  };
}

async function stageOf(look: Look, view: View, clock: Clock): Promise<StageFacts | undefined> {
  const { config, stage } = look;
  if (config === undefined || stage === undefined) return undefined;
  return readStageStack({ ...look, config }, stage, view, clock);
}

function hasRangesIn({ access, config }: Look): MaybeKnown<boolean> {
  if (config === undefined) return { unasked: 'give --stage' };
  return { known: access.bounds !== undefined };
}

function lackingOf({ api }: Look): Promise<MaybeKnown<readonly string[]>> {
  return asked('create subjectaccessreviews.authorization.k8s.io', async () => {
    const lacking: string[] = [];
    for (const right of RIGHTS) {
      if (!(await api.mayGroup(KUBERNETES_GROUP, right))) lacking.push(rightText(right));
    }
    return lacking;
  });
}

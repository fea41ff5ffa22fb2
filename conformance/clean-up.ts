import {
  DeleteNetworkInterfaceCommand,
  DescribeNetworkInterfacesCommand,
  type NetworkInterface,
} from '@aws-sdk/client-ec2';
import { type Clock, sleep } from '../shared/time/clock.ts';
import { descriptionOf, type GuardedEc2, OWN_TAG } from './own-enis.ts';

/** EC2 shows late what was created and deleted: after these pauses (ms) it is looked at again. */
const PAUSES_MS = [0, 200, 500, 1_000, 2_000, 4_000] as const;

export interface CleanUp {
  /** The ENIs that were deleted. */
  readonly removed: readonly string[];
  /** Those that are still there, with the reason. */
  readonly left: readonly { readonly eniId: string; readonly why: string }[];
}

/**
 * Deletes the ENIs that runs of this program made: those that have the tag and the description of one
 * run from their creation on, and are attached to nothing. What has the tag alone is somebody's.
 *
 * @throws what the SDK throws if EC2 cannot be asked.
 */
export async function cleanUp(
  ec2: GuardedEc2,
  clock: Clock,
  signal?: AbortSignal,
): Promise<CleanUp> {
  const removed = new Set<string>();
  let left: CleanUp['left'] = [];
  for (const pause of PAUSES_MS) {
    if (pause > 0) await sleep(clock, pause, signal);
    const found = await ofRuns(ec2, signal);
    left = [];
    for (const eni of found) {
      const eniId = eni.NetworkInterfaceId ?? '';
      if (eni.Status !== 'available') {
        left = [...left, { eniId, why: `it is ${eni.Status}: somebody attached it` }];
        continue;
      }
      const why = await remove(ec2, eniId, signal);
      if (why === undefined) removed.add(eniId);
      else left = [...left, { eniId, why }];
    }
    if (found.length === 0) break;
  }
  return { removed: [...removed], left };
}

async function ofRuns(ec2: GuardedEc2, signal?: AbortSignal): Promise<NetworkInterface[]> {
  const enis: NetworkInterface[] = [];
  let token: string | undefined;
  do {
    const page = await ec2.client.send(
      new DescribeNetworkInterfacesCommand({
        Filters: [{ Name: 'tag-key', Values: [OWN_TAG] }],
        MaxResults: 1000,
        NextToken: token,
      }),
      { abortSignal: signal },
    );
    enis.push(...(page.NetworkInterfaces ?? []));
    token = page.NextToken;
  } while (token);
  return enis.filter(isOfRun);
}

function isOfRun({ TagSet = [], Description }: NetworkInterface): boolean {
  const runId = TagSet.find(({ Key }) => Key === OWN_TAG)?.Value;
  return runId !== undefined && Description === descriptionOf(runId);
}

/** @returns why it is still there, if it is. */
async function remove(
  ec2: GuardedEc2,
  eniId: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  ec2.adopt(eniId);
  try {
    const command = new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: eniId });
    await ec2.client.send(command, { abortSignal: signal });
    return undefined;
  } catch (error) {
    if (signal?.aborted || !(error instanceof Error)) throw error;
    return error.name === 'InvalidNetworkInterfaceID.NotFound' ? undefined : error.name;
  }
}

import { DescribeNetworkInterfacesCommand } from '@aws-sdk/client-ec2';
import * as z from 'zod';
import type { Ec2 } from '../../shared/enis/ec2.ts';
import type { View } from '../view/view.ts';

/** An ENI in a subnet of Multus ENIs. */
export interface Neighbour {
  readonly id: string;
  readonly subnetId: string;
}

const page = z.object({
  NetworkInterfaces: z
    .array(
      z.object({
        NetworkInterfaceId: z.string(),
        SubnetId: z.string(),
        TagSet: z.array(z.object({ Key: z.string(), Value: z.string().default('') })).default([]),
      }),
    )
    .default([]),
  NextToken: z.string().optional(),
});

/**
 * The ENIs without the managed tag in the subnets that managed ENIs are in.
 *
 * @param managedTag as `key=value`.
 * @throws what EC2 refuses with.
 */
export async function readNeighbours(
  ec2: Ec2,
  { nodes }: View,
  managedTag: string,
): Promise<readonly Neighbour[]> {
  const all = [...nodes.values()].flatMap(({ state }) => state.enis);
  const managed = all.filter((eni) => eni.managed).map(({ subnetId }) => subnetId);
  // One of a worker beside its primary one is a Multus ENI whose tag is missing: eni-untagged.
  const own = new Set(all.filter(({ deviceIndex }) => deviceIndex !== 0).map(({ id }) => id));
  const found: Neighbour[] = [];
  for (const subnetId of new Set(managed)) {
    let NextToken: string | undefined;
    do {
      const Filters = [{ Name: 'subnet-id', Values: [subnetId] }];
      const command = new DescribeNetworkInterfacesCommand({
        Filters,
        NextToken,
        MaxResults: 1000,
      });
      const answer = page.parse(await ec2.send(command));
      for (const eni of answer.NetworkInterfaces) {
        const isManaged = eni.TagSet.some(({ Key, Value }) => `${Key}=${Value}` === managedTag);
        if (isManaged || own.has(eni.NetworkInterfaceId)) continue;
        found.push({ id: eni.NetworkInterfaceId, subnetId });
      }
      NextToken = answer.NextToken;
    } while (NextToken !== undefined);
  }
  return found;
}

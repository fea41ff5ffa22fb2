import {
  AssignPrivateIpAddressesCommand,
  DescribeInstancesCommand,
  DescribeSubnetsCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import { isThrottled } from '../../../shared/enis/ec2-errors.ts';
import { type Clock, type Random, sleep } from '../../../shared/time/clock.ts';

/** Of one call: one try and four more, as boto3 makes them unless it is told otherwise (Boto3 guide, "Retries", legacy mode). */
const TRIES = 5;

/** EC2 as a Python script of the peers calls it. */
export interface Boto {
  describeInstance(instanceId: string): Promise<unknown>;
  describeSubnet(subnetId: string): Promise<unknown>;
  /** Takes the address from whoever has it. */
  assign(eniId: string, address: string): Promise<unknown>;
}

/** @param client sends each call once. */
export function boto(client: EC2Client, clock: Clock, random: Random): Boto {
  const tried = async (call: () => Promise<unknown>): Promise<unknown> => {
    for (let failures = 1; ; failures += 1) {
      try {
        return await call();
      } catch (error) {
        if (!isThrottled(error) || failures === TRIES) throw error;
        await sleep(clock, random() * 2 ** (failures - 1) * 1_000);
      }
    }
  };
  return {
    describeInstance: (instanceId) =>
      tried(() => client.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }))),
    describeSubnet: (subnetId) =>
      tried(() => client.send(new DescribeSubnetsCommand({ SubnetIds: [subnetId] }))),
    assign: (NetworkInterfaceId, address) =>
      tried(() =>
        client.send(
          new AssignPrivateIpAddressesCommand({
            AllowReassignment: true,
            NetworkInterfaceId,
            PrivateIpAddresses: [address],
          }),
        ),
      ),
  };
}

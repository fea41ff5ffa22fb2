import { DescribeInstanceTypesCommand } from '@aws-sdk/client-ec2';
import * as z from 'zod';
import type { Ec2 } from './ec2.ts';
import type { InstanceLimits } from './eni.ts';

const described = z.object({
  InstanceType: z.string(),
  NetworkInfo: z.object({
    Ipv4AddressesPerInterface: z.number().int().positive(),
    Ipv6AddressesPerInterface: z.number().int().nonnegative().default(0),
  }),
});

/** The limits of an instance type; `undefined` where EC2 does not say: EC2 then refuses by itself. */
export type LimitsOf = (
  instanceType: string | undefined,
  signal?: AbortSignal,
) => Promise<InstanceLimits | undefined>;

/** Instance limits, asked for once per type in the life of the execution environment. */
export function cachedInstanceLimits(ec2: Ec2): LimitsOf {
  const known = new Map<string, InstanceLimits | undefined>();
  return async (instanceType, signal) => {
    if (instanceType === undefined) return undefined;
    if (!known.has(instanceType)) {
      // A filter, since EC2 answers an unknown InstanceTypes value with an error and a filter with nothing.
      const answer = await ec2.send(
        new DescribeInstanceTypesCommand({
          Filters: [{ Name: 'instance-type', Values: [instanceType] }],
        }),
        { abortSignal: signal },
      );
      const entry = described.safeParse(answer.InstanceTypes?.[0]);
      known.set(
        instanceType,
        entry.success
          ? {
              ipv4: entry.data.NetworkInfo.Ipv4AddressesPerInterface,
              ipv6: entry.data.NetworkInfo.Ipv6AddressesPerInterface,
            }
          : undefined,
      );
    }
    return known.get(instanceType);
  };
}

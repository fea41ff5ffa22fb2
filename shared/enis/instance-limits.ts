import { DescribeInstanceTypesCommand } from '@aws-sdk/client-ec2';
import * as z from 'zod';
import type { Ec2 } from './ec2.ts';
import type { InstanceLimits } from './eni.ts';
import { cachedLookUps } from './look-ups.ts';

const described = z.object({
  InstanceType: z.string(),
  NetworkInfo: z.object({
    MaximumNetworkInterfaces: z.number().int().positive().optional(),
    Ipv4AddressesPerInterface: z.number().int().positive(),
    Ipv6AddressesPerInterface: z.number().int().nonnegative().default(0),
  }),
});

/** The limits of an instance type; `undefined` if EC2 does not say: EC2 then refuses by itself. */
export type LimitsOf = (
  instanceType: string | undefined,
  signal?: AbortSignal,
) => Promise<InstanceLimits | undefined>;

/** Instance limits, asked for once per type in the life of the execution environment. */
export function cachedInstanceLimits(ec2: Ec2): LimitsOf {
  const types = cachedLookUps(async (names) => {
    // A filter, since EC2 answers an unknown InstanceTypes value with an error and a filter with nothing.
    const filter = { Name: 'instance-type', Values: [...names] };
    const answer = await ec2.send(new DescribeInstanceTypesCommand({ Filters: [filter] }));
    const limits = new Map((answer.InstanceTypes ?? []).flatMap(limitsFrom));
    return new Map(names.map((name) => [name, { limits: limits.get(name) }]));
  });
  return async (instanceType, signal) => {
    if (instanceType === undefined) return undefined;
    return (await types.of([instanceType], signal)).get(instanceType)?.limits;
  };
}

function limitsFrom(entry: unknown): [string, InstanceLimits][] {
  const { data } = described.safeParse(entry);
  if (data === undefined) return [];
  const { Ipv4AddressesPerInterface: ipv4, Ipv6AddressesPerInterface: ipv6 } = data.NetworkInfo;
  const { MaximumNetworkInterfaces: interfaces } = data.NetworkInfo;
  return [[data.InstanceType, { ...(interfaces !== undefined && { interfaces }), ipv4, ipv6 }]];
}

import { EC2Client } from '@aws-sdk/client-ec2';
import {
  type CallLimits,
  limitedCalls,
  limitedCredentials,
  requestLimits,
} from '../../shared/aws-calls.ts';
import type { Ec2, ManagedTag } from '../../shared/enis/ec2.ts';
import { type EniInventory, eniInventory } from '../../shared/enis/inventory.ts';
import { cachedSubnets, type Subnets } from '../../shared/enis/subnets.ts';
import type { HttpsProxy } from '../../shared/proxy.ts';
import type { Clock } from '../../shared/time/clock.ts';
import type { Environment } from '../environment.ts';
import type { Instance } from './instance.ts';

/** A call that takes longer is given up, and tried again. */
const LIMITS: CallLimits = { connectMs: 3_000, requestMs: 10_000, callMs: 30_000 };

export interface Ec2Clients {
  readonly client: Ec2;
  /** Sends each call once: an unassign that is repeated may meet another state. */
  readonly once: Ec2;
}

/** EC2, seen from one instance. */
export interface InstanceEc2 extends Ec2Clients {
  readonly instanceId: string;
  readonly inventory: EniInventory;
  readonly subnets: Subnets;
  readonly managedTag: ManagedTag;
  /** Take an address from another managed ENI of the cluster, whoever uses it there. */
  readonly allowReassignment: boolean;
  readonly clock: Clock;
}

/** The SDK's clients of a region, with credentials by its default chain: IRSA, Pod Identity, IMDS. */
export function ec2Clients(
  region: string,
  clock: Clock,
  { limits = LIMITS, proxy }: { readonly limits?: CallLimits; readonly proxy?: HttpsProxy } = {},
): Ec2Clients {
  const settings = { region, requestHandler: requestLimits(limits, proxy) };
  const withChain = () => new EC2Client(settings);
  const client = new EC2Client({
    ...settings,
    credentials: limitedCredentials(withChain, clock, limits.callMs),
  });
  const { credentials } = client.config;
  const once = new EC2Client({ ...settings, credentials, maxAttempts: 1 });
  return {
    client: limitedCalls(client, clock, limits),
    once: limitedCalls(once, clock, limits),
  };
}

export function instanceEc2(
  clients: Ec2Clients,
  { instanceId }: Instance,
  { managedTag, allowReassignment }: Environment,
  clock: Clock,
): InstanceEc2 {
  return {
    ...clients,
    instanceId,
    inventory: eniInventory(clients.client, managedTag),
    subnets: cachedSubnets(clients.client),
    managedTag,
    allowReassignment,
    clock,
  };
}

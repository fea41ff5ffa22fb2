import { EC2Client } from '@aws-sdk/client-ec2';
import { EKSClient } from '@aws-sdk/client-eks';
import { LIMITS } from '../cli/aws-clients.ts';
import { trying } from '../cli/failure.ts';
import { startWorld } from '../sandbox/world.ts';
import { limitedCalls, requestLimits } from '../shared/aws-calls.ts';
import { systemClock } from '../shared/time/clock.ts';
import { runClusterChecks } from './cluster/index.ts';
import type { ConformanceTarget } from './program.ts';

/** How a service is reached, if the SDK does not decide it. */
interface Reach {
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

interface Reached {
  readonly region: string | undefined;
  readonly ec2: Reach;
  readonly eks: Reach;
}

async function targetOf({
  region,
  ec2,
  eks,
}: Reached): Promise<Omit<ConformanceTarget, 'on' | 'stop'>> {
  const clock = systemClock;
  const requestHandler = requestLimits(LIMITS);
  const clientOf = (more: object) =>
    limitedCalls(new EC2Client({ region, requestHandler, ...ec2, ...more }), clock, LIMITS);
  const eksClient = new EKSClient({ region, requestHandler, ...eks });
  const known = await trying('find the Region', () => eksClient.config.region());
  return {
    clock,
    region: known,
    clients: { client: clientOf({}), once: clientOf({ maxAttempts: 1 }) },
    cluster: (name, signal) =>
      runClusterChecks(name, {
        eks: limitedCalls(eksClient, clock, LIMITS),
        credentials: () => eksClient.config.credentials(),
        region: known,
        clock,
        signal,
      }),
  };
}

/** AWS, with the credentials and the Region that the environment has. */
export async function awsTarget(region: string | undefined): Promise<ConformanceTarget> {
  return {
    ...(await targetOf({ region, ec2: {}, eks: {} })),
    on: 'AWS',
    stop: async () => undefined,
  };
}

/** The project's own EC2 and EKS on this machine: nothing of the environment is used. */
export async function sandboxTarget(): Promise<ConformanceTarget> {
  const { ec2, eks, environment, subnets, cluster, stop } = await startWorld();
  ec2.throttle.enable();
  const credentials = {
    accessKeyId: environment.AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? '',
  };
  const target = await targetOf({
    region: ec2.region,
    ec2: { endpoint: ec2.endpoint, credentials },
    eks: { endpoint: eks.endpoint, credentials },
  });
  const choice = {
    subnet: subnets.multus1,
    secondSubnet: subnets.multus2,
    cluster: cluster.name,
  };
  return { ...target, on: 'sandbox', choice, stop };
}

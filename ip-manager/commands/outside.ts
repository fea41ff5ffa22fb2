import type { NetworkInterfaceInfo } from 'node:os';
import type { Clock, Random } from '../../shared/time/clock.ts';
import type { OwnPod } from '../addresses/own-pod.ts';
import type { Ec2Clients } from '../assign/ec2-access.ts';
import type { Instance } from '../assign/instance.ts';
import type { Environment } from '../environment.ts';
import type { OwnNode } from '../node/own-node.ts';

/** All that is outside of the program. */
export interface IpManagerOutside {
  readonly environment: Environment;
  readonly networkInterfaces: () => NodeJS.Dict<NetworkInterfaceInfo[]>;
  /** @throws Failure if the instance metadata service does not tell. */
  readonly readInstance: (signal: AbortSignal) => Promise<Instance>;
  readonly ec2Clients: (region: string) => Ec2Clients;
  /** @throws Failure where the pod has no service account. */
  readonly ownPod: () => Promise<OwnPod>;
  /** @throws Failure where the pod has no service account. */
  readonly ownNode: () => Promise<OwnNode>;
  readonly clock: Clock;
  readonly random: Random;
  /** Prints a line. */
  readonly say: (line: string) => void;
}

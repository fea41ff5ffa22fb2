import {
  AssignIpv6AddressesCommand,
  AssignPrivateIpAddressesCommand,
  CreateNetworkInterfaceCommand,
  DeleteNetworkInterfaceCommand,
  UnassignIpv6AddressesCommand,
  UnassignPrivateIpAddressesCommand,
} from '@aws-sdk/client-ec2';
import type { Ec2, ManagedTag } from '../shared/enis/ec2.ts';
import { NotMadeError } from './not-made.ts';

/** The tag's key; its value is the run that made the ENI. */
export const OWN_TAG = 'multus-eni.dev/conformance';

export function ownTag(runId: string): ManagedTag {
  return { key: OWN_TAG, value: runId };
}

/** What an ENI of a run is described as from its creation on; no call here changes that. */
export function descriptionOf(runId: string): string {
  return `multus-eni-reconciler conformance ${runId}`;
}

/** No ENI is called so. */
export const NO_ENI = 'eni-00000000000000000';

/** A call that this program never sends: it would be a defect of the program. */
export class ForbiddenCallError extends Error {
  override readonly name = 'ForbiddenCallError';
}

/** EC2 as this program may use it. */
export interface GuardedEc2 {
  readonly client: Ec2;
  /** Sends each call once, also a throttled one. */
  readonly once: Ec2;
  /** Lets calls change this ENI too, and move its primary address in vain. */
  readonly adopt: (eniId: string, primary?: string) => void;
  /** How many calls were sent. */
  readonly calls: () => number;
}

/**
 * Lets through what reads, what creates ENIs in `subnetIds` with the tag of a run, and what changes
 * an ENI that was adopted. With AllowReassignment EC2 takes an address from whoever has it, so that
 * is sent only for what these ENIs have.
 */
export function guardedEc2(
  { client, once }: Pick<GuardedEc2, 'client' | 'once'>,
  subnetIds: readonly string[],
): GuardedEc2 {
  const allowed: Allowed = { subnetIds, own: new Map(), held: new Set() };
  let sent = 0;
  const guarded = (ec2: Ec2): Ec2 => ({
    send: new Proxy(ec2.send.bind(ec2), {
      apply: (target, self, args: unknown[]) =>
        guardedCall(args[0], allowed, () => {
          sent += 1;
          return Reflect.apply(target, self, args);
        }),
    }),
  });
  return {
    client: guarded(client),
    once: guarded(once),
    adopt(eniId, primary) {
      allowed.own.set(eniId, primary);
    },
    calls: () => sent,
  };
}

interface Allowed {
  readonly subnetIds: readonly string[];
  /** The ENIs that may be changed, with their primary addresses as far as they are known. */
  readonly own: Map<string, string | undefined>;
  /** The secondary addresses that these have. */
  readonly held: Set<string>;
}

/**
 * @throws ForbiddenCallError before it is sent; NotMadeError if the role may not make the call;
 * otherwise as the call.
 */
async function guardedCall(
  command: unknown,
  allowed: Allowed,
  send: () => unknown,
): Promise<unknown> {
  assertAllowed(command, allowed);
  // What was asked to be unassigned may be gone, whatever is answered.
  if (command instanceof UnassignPrivateIpAddressesCommand) {
    for (const address of command.input.PrivateIpAddresses ?? []) allowed.held.delete(address);
  }
  if (command instanceof DeleteNetworkInterfaceCommand) {
    const { NetworkInterfaceId: eniId = '' } = command.input;
    if (allowed.own.has(eniId)) allowed.own.set(eniId, undefined);
  }
  try {
    const answer: unknown = await send();
    if (command instanceof AssignPrivateIpAddressesCommand) {
      for (const address of command.input.PrivateIpAddresses ?? []) allowed.held.add(address);
    }
    return answer;
  } catch (error) {
    if (!isForbidden(error)) throw error;
    throw new NotMadeError(`your role lacks ${lackingFor(command, error)}`, { cause: error });
  }
}

/**
 * EC2 names the action that the caller lacks. That need not be the call's own action: it is CreateTags
 * if the call creates something with tags.
 */
function lackingFor(command: unknown, error: unknown): string {
  const named = error instanceof Error ? /\bec2:[A-Z]\w+/.exec(error.message)?.[0] : undefined;
  return named ?? `ec2:${actionOf(command)}`;
}

/** EC2 does not let the caller do this (EC2 API Reference, "Common client error codes"). */
function isForbidden(error: unknown): boolean {
  return error instanceof Error && /^(UnauthorizedOperation|AccessDenied)/.test(error.name);
}

const CHANGES = [
  AssignIpv6AddressesCommand,
  AssignPrivateIpAddressesCommand,
  DeleteNetworkInterfaceCommand,
  UnassignIpv6AddressesCommand,
  UnassignPrivateIpAddressesCommand,
] as const;

/** @throws ForbiddenCallError unless the call may be sent. */
function assertAllowed(command: unknown, { subnetIds, own, held }: Allowed): void {
  const action = actionOf(command);
  if (action.startsWith('Describe')) return;
  if (command instanceof CreateNetworkInterfaceCommand) {
    const { SubnetId = '', TagSpecifications = [] } = command.input;
    const tags = TagSpecifications.flatMap(({ Tags = [] }) => Tags);
    if (!subnetIds.includes(SubnetId)) throw new ForbiddenCallError(`${action} in ${SubnetId}`);
    if (tags.some(({ Key }) => Key === OWN_TAG)) return;
    throw new ForbiddenCallError(`${action} without the tag ${OWN_TAG}`);
  }
  if (!CHANGES.some((each) => command instanceof each)) {
    throw new ForbiddenCallError(`this program sends no ${action}`);
  }
  const input: unknown = command instanceof Object && Reflect.get(command, 'input');
  const eniId: unknown = input instanceof Object && Reflect.get(input, 'NetworkInterfaceId');
  if (command instanceof DeleteNetworkInterfaceCommand && eniId === NO_ENI) return;
  if (typeof eniId !== 'string' || !own.has(eniId)) {
    throw new ForbiddenCallError(`${action} of ${eniId}, which this program did not make`);
  }
  if (command instanceof AssignPrivateIpAddressesCommand && command.input.AllowReassignment) {
    const ours = new Set([...held, ...own.values()]);
    const foreign = command.input.PrivateIpAddresses?.find((address) => !ours.has(address));
    if (foreign !== undefined) throw new ForbiddenCallError(`${action} could take ${foreign}`);
  }
}

/** The action of a command, as EC2 and IAM call it. */
function actionOf(command: unknown): string {
  const name = command instanceof Object ? command.constructor.name : '';
  return name.replace(/Command$/, '');
}

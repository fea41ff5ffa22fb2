import { CreateNetworkInterfaceCommand, DeleteNetworkInterfaceCommand } from '@aws-sdk/client-ec2';
import * as z from 'zod';
import { type Address, type AddressRange, familyOf } from '../shared/address.ts';
import type { Ec2 } from '../shared/enis/ec2.ts';
import type { Eni } from '../shared/enis/eni.ts';
import { eniInventory } from '../shared/enis/inventory.ts';
import { cachedSubnets } from '../shared/enis/subnets.ts';
import { type Clock, sleep } from '../shared/time/clock.ts';
import { assignByCount, unassign } from './calls.ts';
import { NotMadeError } from './not-made.ts';
import { descriptionOf, type GuardedEc2, NO_ENI, ownTag } from './own-enis.ts';

export type EniName = 'a' | 'b' | 'other';

/** What checks work with: ENIs of the run, and addresses that nobody has. */
export interface Lab {
  readonly ec2: Ec2;
  /** Sends each call once, also a throttled one. */
  readonly once: Ec2;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  /** The subnet's IPv4 block. @throws NotMadeError if it may not be read. */
  readonly block: () => AddressRange;
  /** The subnet's IPv6 block. @throws NotMadeError if it has none. */
  readonly block6: () => AddressRange;
  /** `a` and `b` are in the subnet, `other` in the second one. @throws NotMadeError if it is not there. */
  readonly id: (name: EniName) => string;
  /**
   * Addresses of the subnet that nobody had when the run began. @throws NotMadeError if there are too few.
   */
  readonly free: (count: number) => readonly Address[];
  readonly free6: (count: number) => readonly Address[];
  /** The ENIs of the run, as the product reads them. */
  readonly read: () => Promise<ReadonlyMap<string, Eni>>;
}

/** EC2 shows what was done within moments: after these pauses (ms) it is looked at again. */
const PAUSES_MS = [0, 50, 100, 200, 400, 800, 1_600, 3_200] as const;
/** Reads of one wait, at most. */
export const READS = PAUSES_MS.length;

/** Reads until `isIt` says so; @returns the last that was read, be it so or not. */
export async function readUntil(
  lab: Pick<Lab, 'clock' | 'read' | 'signal'>,
  isIt: (enis: ReadonlyMap<string, Eni>) => boolean,
): Promise<ReadonlyMap<string, Eni>> {
  let enis: ReadonlyMap<string, Eni> = new Map();
  for (const pause of PAUSES_MS) {
    if (pause > 0) await sleep(lab.clock, pause, lab.signal);
    enis = await lab.read();
    if (isIt(enis)) break;
  }
  return enis;
}

export interface LabOptions {
  readonly ec2: GuardedEc2;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  readonly runId: string;
  readonly subnetId: string;
  readonly secondSubnetId?: string;
}

/** Calls that making a lab takes at most. */
export const LAB_CALLS = 12 + 3 * READS;

const FREE = 4;

/** What is there of the lab, and why the rest is not. */
interface Furniture {
  readonly ids: Map<EniName, string>;
  readonly free: Map<4 | 6, readonly Address[]>;
  obstacle: string;
}

/**
 * A lab without ENIs; `furnish` creates them. What cannot be had, checks hear of when they ask for it.
 *
 * @throws UnknownSubnetError; what the SDK throws.
 */
export async function readLab(
  options: LabOptions,
): Promise<{ readonly lab: Lab; readonly furnish: () => Promise<void> }> {
  const { ec2, clock, signal, runId, subnetId, secondSubnetId } = options;
  const { blocks, why } = await blocksOf(options);
  const block = (family: 4 | 6): AddressRange => {
    const found = blocks.find((each) => each.family === family);
    if (found !== undefined) return found;
    throw new NotMadeError(why ?? `${subnetId} has no IPv${family} block`);
  };
  const inventory = eniInventory(ec2.client, ownTag(runId));
  const has: Furniture = { ids: new Map(), free: new Map(), obstacle: 'no ENI was created' };
  const take = (family: 4 | 6, count: number): readonly Address[] => {
    const addresses = has.free.get(family)?.slice(0, count) ?? [];
    if (addresses.length === count) return addresses;
    if (family === 6) block(6);
    throw new NotMadeError(has.obstacle);
  };
  const lab: Lab = {
    ec2: ec2.client,
    once: ec2.once,
    clock,
    signal,
    block: () => block(4),
    block6: () => block(6),
    id(name) {
      const id = has.ids.get(name);
      if (id !== undefined) return id;
      throw new NotMadeError(
        name === 'other' && secondSubnetId === undefined ? 'give --second-subnet' : has.obstacle,
      );
    },
    free: (count) => take(4, count),
    free6: (count) => take(6, count),
    read: async () => new Map((await inventory.managed(signal)).map((eni) => [eni.id, eni])),
  };
  const furnish = (): Promise<void> =>
    furnished(
      lab,
      options,
      has,
      blocks.some(({ family }) => family === 6),
    );
  return { lab, furnish };
}

async function furnished(
  lab: Lab,
  options: LabOptions,
  has: Furniture,
  ipv6: boolean,
): Promise<void> {
  const { subnetId, secondSubnetId, ec2, signal } = options;
  try {
    await assertDeletes(ec2, signal);
    for (const name of ['a', 'b'] as const) {
      has.ids.set(name, await create(options, subnetId, name));
    }
    if (secondSubnetId) has.ids.set('other', await create(options, secondSubnetId, 'other'));
    await readUntil(lab, (enis) => [...has.ids.values()].every((id) => enis.has(id)));
    has.free.set(4, await freeAddresses(lab, 4));
    if (ipv6) has.free.set(6, await freeAddresses(lab, 6));
  } catch (error) {
    if (!(error instanceof NotMadeError)) throw error;
    has.obstacle = error.message;
  }
}

/** @throws NotMadeError if the role could not remove again what it creates. */
async function assertDeletes(ec2: GuardedEc2, signal: AbortSignal | undefined): Promise<void> {
  const command = new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: NO_ENI, DryRun: true });
  try {
    await ec2.client.send(command, { abortSignal: signal });
  } catch (error) {
    // "DryRunOperation", or that there is no such ENI.
    if (error instanceof NotMadeError || signal?.aborted) throw error;
  }
}

/** The subnet is not there: its id, the Region or the account is another one. */
export class UnknownSubnetError extends Error {
  override readonly name = 'UnknownSubnetError';
}

async function blocksOf({ ec2, subnetId, signal }: LabOptions): Promise<{
  readonly blocks: readonly AddressRange[];
  readonly why?: string;
}> {
  try {
    const subnet = (await cachedSubnets(ec2.client).of([subnetId], signal)).get(subnetId);
    if (subnet !== undefined) return { blocks: subnet.blocks };
    throw new UnknownSubnetError(`EC2 shows no subnet ${subnetId} here`);
  } catch (error) {
    if (error instanceof NotMadeError) return { blocks: [], why: error.message };
    throw error;
  }
}

const created = z.object({
  NetworkInterface: z.object({ NetworkInterfaceId: z.string(), PrivateIpAddress: z.string() }),
});

async function create(
  { ec2, runId, signal }: LabOptions,
  SubnetId: string,
  name: EniName,
): Promise<string> {
  const { key, value } = ownTag(runId);
  const Tags = [
    { Key: key, Value: value },
    { Key: 'Name', Value: `multus-eni-conformance-${name}` },
  ];
  const command = new CreateNetworkInterfaceCommand({
    SubnetId,
    Description: descriptionOf(runId),
    TagSpecifications: [{ ResourceType: 'network-interface', Tags }],
    // The SDK sends a call again whose answer was lost; that makes no second ENI.
    ClientToken: `${runId}-${name}`,
  });
  const answer = await ec2.client.send(command, { abortSignal: signal });
  const { NetworkInterfaceId: id, PrivateIpAddress: primary } =
    created.parse(answer).NetworkInterface;
  ec2.adopt(id, primary);
  return id;
}

/** Addresses that nobody has: EC2 chooses some for an ENI of ours, from which they are taken again. */
async function freeAddresses(lab: Lab, family: 4 | 6): Promise<readonly Address[]> {
  const id = lab.id('a');
  await assignByCount(lab, id, family, FREE);
  const chosen = (enis: ReadonlyMap<string, Eni>): readonly Address[] =>
    enis.get(id)?.secondary.filter((address) => familyOf(address) === family) ?? [];
  const addresses = chosen(await readUntil(lab, (enis) => chosen(enis).length >= FREE));
  if (addresses.length > 0) await unassign(lab, id, addresses);
  return addresses;
}

/**
 * Takes from the run's ENIs whatever they have beside their primary addresses, so that each check
 * begins with the same.
 *
 * @returns the ENIs as they are read then.
 */
export async function emptied(lab: Lab): Promise<ReadonlyMap<string, Eni>> {
  let enis: ReadonlyMap<string, Eni> = new Map();
  for (const pause of PAUSES_MS) {
    if (pause > 0) await sleep(lab.clock, pause, lab.signal);
    enis = await lab.read();
    const full = [...enis.values()].filter(({ secondary }) => secondary.length > 0);
    if (full.length === 0) break;
    for (const { id, secondary } of full) {
      // A read that lags behind shows what is gone: then EC2 refuses, and the next read decides.
      for (const addresses of Map.groupBy(secondary, familyOf).values()) {
        await unassign(lab, id, addresses);
      }
    }
  }
  return enis;
}

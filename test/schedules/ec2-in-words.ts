import { AssignPrivateIpAddressesCommand, type EC2Client } from '@aws-sdk/client-ec2';
import type { Call, LoggedCall } from '../../sandbox/ec2/calls.ts';
import type { Worker } from '../../sandbox/worker.ts';
import type { World } from '../../sandbox/world.ts';
import { parseAddress } from '../../shared/address.ts';

/** What EC2 was asked and what it has, in words: `unassign 172.16.1.70 from a/eth1`. */
export interface Ec2InWords {
  /** Where an address is, such as `a/eth1`; `nowhere` where no ENI has it. */
  whereIs(address: string): string;
  /** Every call to change something so far, refused ones too. */
  attempts(): string[];
  /** Every call that had an effect so far, also if its answer was lost. */
  changes(): string[];
  /** Somebody assigns addresses by hand, which no ledger has. */
  assignByHand(eniId: string, ...addresses: string[]): Promise<void>;
}

const CHANGING = /^(Assign|Unassign)(PrivateIp|Ipv6)Addresses$/;

/** @param workers the list is read anew at each question. */
export function ec2InWords(
  world: World,
  client: EC2Client,
  workers: readonly Worker[],
): Ec2InWords {
  const nameOf = (eniId: string): string => {
    for (const { name, enis } of workers) {
      const eni = enis.find(({ id }) => id === eniId);
      if (eni !== undefined) return `${name}/eth${eni.deviceIndex}`;
    }
    return eniId;
  };
  const inWords = ({ action, params }: Call): string => {
    const { NetworkInterfaceId: eniId = '', ...rest } = params;
    const addresses = Object.values(rest).filter((value) => parseAddress(value) !== undefined);
    return action.startsWith('Assign')
      ? `assign ${addresses.join(', ')} to ${nameOf(eniId)}`
      : `unassign ${addresses.join(', ')} from ${nameOf(eniId)}`;
  };
  const byHand = new Set<LoggedCall>();
  const made = () =>
    world.ec2.calls.all().filter((call) => CHANGING.test(call.action) && !byHand.has(call));

  return {
    whereIs(address) {
      const holder = world.ec2.holderOf(address);
      return holder === undefined ? 'nowhere' : nameOf(holder.eniId);
    },
    attempts: () => made().map(inWords),
    changes: () =>
      made()
        .filter(({ outcome }) => outcome.kind === 'answered' || outcome.kind === 'lost')
        .map(inWords),
    async assignByHand(eniId, ...addresses) {
      const stop = world.ec2.calls.subscribe((call) => {
        if (call.params.NetworkInterfaceId === eniId) byHand.add(call);
      });
      await client.send(
        new AssignPrivateIpAddressesCommand({
          NetworkInterfaceId: eniId,
          PrivateIpAddresses: addresses,
        }),
      );
      stop();
    },
  };
}

import * as z from 'zod';
import type { Address, Family } from '../../shared/address.ts';
import { readAddresses } from './assignment.ts';
import { Ec2Error } from './errors.ts';
import { freeAddresses } from './free-addresses.ts';
import type { NetworkInterface, State } from './model.ts';
import { requireSubnet } from './resources.ts';

/** How many addresses EC2 is to choose. */
export const countParameter = z
  .string()
  .regex(/^[1-9]\d{0,3}$/, 'it is no count of addresses')
  .transform(Number)
  .optional();

/** What a request says of addresses, each with the parameter's name: by themselves or how many. */
export interface AskedAddresses {
  readonly named: readonly [parameter: string, addresses: readonly string[] | undefined];
  readonly count: readonly [parameter: string, count: number | undefined];
}

/**
 * The addresses that a request names, or as many free ones of the ENI's subnet as it
 * asks for. EC2 chooses any; this one chooses the lowest.
 *
 * @throws Ec2Error if the call gives both or neither, or if too few addresses are free.
 */
export function chosenAddresses(
  state: State,
  eni: NetworkInterface,
  family: Family,
  { named: [namedParameter, named], count: [countName, count] }: AskedAddresses,
): readonly Address[] {
  if (named !== undefined && count !== undefined) {
    const message = `The parameters ${namedParameter} and ${countName} cannot be used together`;
    throw new Ec2Error('InvalidParameterCombination', message);
  }
  if (named !== undefined) return readAddresses(named, family);
  if (count === undefined) {
    const message = `The request must contain the parameter ${namedParameter} or ${countName}`;
    throw new Ec2Error('MissingParameter', message);
  }
  const subnet = requireSubnet(state, eni.subnetId);
  const blocks = family === 4 ? [subnet.ipv4] : subnet.ipv6;
  const free = blocks.flatMap((block) => freeAddresses(state, subnet, block, count));
  if (free.length >= count) return free.slice(0, count);
  throw new Ec2Error(
    'InsufficientFreeAddressesInSubnet',
    'The specified subnet does not have enough free addresses to satisfy the request.',
  );
}

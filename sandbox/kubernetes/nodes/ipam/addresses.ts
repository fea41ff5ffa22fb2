import {
  type Address,
  type AddressRange,
  parseAddress,
  parseCidr,
} from '../../../../shared/address.ts';
import { CniError } from './ipam.ts';

/** @throws CniError */
export function readAddress(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new CniError(`invalid IP address ${JSON.stringify(text)}`);
  return address;
}

/** @throws CniError */
export function readCidr(text: string): AddressRange {
  const range = parseCidr(text);
  if (range === undefined) throw new CniError(`invalid CIDR address: ${text}`);
  return range;
}

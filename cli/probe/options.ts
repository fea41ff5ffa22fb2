import { Command, InvalidArgumentError } from 'commander';
import { parseAddress, parseInterfaceAddress } from '../../shared/address.ts';

/** What is typed behind `probe`. */
export interface ProbeFlags {
  readonly network: string;
  readonly nodes?: readonly string[];
  readonly image?: string;
  readonly ips?: readonly string[];
  readonly gateway?: string;
  readonly timeout: number;
}

const DEFAULT_SECONDS = 90;
const LONGEST_SECONDS = 3_600;

/** The command as `--help` shows it. */
export function probeOptions(): Command {
  return new Command('probe')
    .description('does traffic get there? Two pods on two nodes try a network, and are removed')
    .requiredOption('--network <network>', 'NAMESPACE/NAME of the NetworkAttachmentDefinition')
    .option('--nodes <a,b>', 'on which nodes (default: two that have an ENI for it)', listIn)
    .option('--image <image>', "the pods' image (default: the forwarder's)")
    .option('--ips <a,b>', 'the addresses, such as 172.16.1.70/24, where pods choose them', ipsIn)
    .option('--gateway <address>', "default: the definition's, or the subnet's", addressIn)
    .option('--timeout <seconds>', 'how long it may take', secondsIn, DEFAULT_SECONDS);
}

function listIn(text: string): string[] {
  return text.split(',').map((each) => each.trim());
}

function ipsIn(text: string): string[] {
  const ips = listIn(text);
  const isAddress = (each: string) => /\/\d{1,3}$/.test(each) && parseInterfaceAddress(each);
  if (ips.length === 2 && ips[0] !== ips[1] && ips.every(isAddress)) return ips;
  throw new InvalidArgumentError(
    'give two addresses with their prefix length, such as 172.16.1.70/24,172.16.1.71/24.',
  );
}

function addressIn(text: string): string {
  const address = parseAddress(text);
  if (address !== undefined) return address;
  throw new InvalidArgumentError('give an address, such as 172.16.1.1.');
}

function secondsIn(text: string): number {
  const seconds = Number(text);
  if (/^\d+$/.test(text) && seconds > 0 && seconds <= LONGEST_SECONDS) return seconds;
  throw new InvalidArgumentError(`give a number from 1 to ${LONGEST_SECONDS}.`);
}

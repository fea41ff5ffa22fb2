import {
  AssignIpv6AddressesCommand,
  AssignPrivateIpAddressesCommand,
  DescribeNetworkInterfacesCommand,
  UnassignIpv6AddressesCommand,
  UnassignPrivateIpAddressesCommand,
} from '@aws-sdk/client-ec2';

const COMMANDS = [
  ['AssignPrivateIpAddresses', AssignPrivateIpAddressesCommand],
  ['AssignIpv6Addresses', AssignIpv6AddressesCommand],
  ['UnassignPrivateIpAddresses', UnassignPrivateIpAddressesCommand],
  ['UnassignIpv6Addresses', UnassignIpv6AddressesCommand],
] as const;

/** The actions of EC2 that assign and unassign; each has a token bucket of its own. */
export const WRITING_ACTIONS = COMMANDS.map(([action]) => action);
export type WritingAction = (typeof COMMANDS)[number][0];

/** Which of them a command is; `undefined` if it is none, such as a read. */
export function writingActionOf(command: unknown): WritingAction | undefined {
  return COMMANDS.find(([, of]) => command instanceof of)?.[0];
}

/** The action that reads ENIs. */
export const READ = 'DescribeNetworkInterfaces';

/** The actions that have a budget. */
export type BudgetedAction = WritingAction | typeof READ;
export const BUDGETED_ACTIONS: readonly BudgetedAction[] = [...WRITING_ACTIONS, READ];

/** Which of them a command is, if any. */
export function budgetedActionOf(command: unknown): BudgetedAction | undefined {
  return command instanceof DescribeNetworkInterfacesCommand ? READ : writingActionOf(command);
}

export function assigns(action: WritingAction): boolean {
  return action === 'AssignPrivateIpAddresses' || action === 'AssignIpv6Addresses';
}

/** The ENI and the addresses of a command that assigns or unassigns. */
export function changedBy(command: unknown): {
  readonly eniId: string;
  readonly addresses: readonly string[];
} {
  const input = command instanceof Object && 'input' in command ? command.input : undefined;
  if (!(input instanceof Object)) return { eniId: '', addresses: [] };
  const lists: unknown[] = [
    'PrivateIpAddresses' in input ? input.PrivateIpAddresses : [],
    'Ipv6Addresses' in input ? input.Ipv6Addresses : [],
  ];
  const eniId = 'NetworkInterfaceId' in input ? String(input.NetworkInterfaceId) : '';
  return { eniId, addresses: lists.flat().filter((each) => typeof each === 'string') };
}

import { type Address, parseAddress } from '../address.ts';
import { MAX_ADDRESSES } from '../cluster/annotations.ts';

/**
 * The message of a pod's condition. People read it in `kubectl describe pod`, and we read it back. The
 * addresses that it lists as assigned are the pod's claim while its annotation cannot be read. The
 * problems that it lists have been told to the pod.
 *
 *     assigned: 172.16.1.70 on eni-0abc, 172.16.3.70 on eni-0def; 172.16.1.71: conflict: held by …
 */

export interface AssignedAddress {
  readonly address: Address;
  /** Absent only in a message that somebody else wrote. */
  readonly eniId?: string;
}

export interface ToldProblem {
  /** Absent if the problem is none of one address. */
  readonly address?: Address;
  /** In kebab case. */
  readonly kind: string;
}

const ASSIGNED = 'assigned: ';
const NONE = 'none';
const SEPARATOR = '; ';
/** A message with thousands of problems is one that the API server does not take. */
export const MAX_PROBLEMS = 100;

/** The whole message; of problems beyond the hundredth it says how many there are. */
export function formatConditionMessage(
  assigned: readonly AssignedAddress[],
  problems: readonly (ToldProblem & { readonly detail: string })[] = [],
): string {
  const told = problems.slice(0, MAX_PROBLEMS).map(formatProblem);
  const untold = problems.length - told.length;
  const more = untold > 0 ? [`${untold} more problems`] : [];
  return [formatAssigned(assigned), ...told, ...more].join(SEPARATOR);
}

/** The message's first part. */
export function formatAssigned(assigned: readonly AssignedAddress[]): string {
  const list = assigned.map(({ address, eniId }) =>
    eniId === undefined ? address : `${address} on ${eniId}`,
  );
  return ASSIGNED + (list.length === 0 ? NONE : list.join(', '));
}

/** One further part of the message. The detail may be any text: what would end the part is replaced. */
export function formatProblem({
  address,
  kind,
  detail,
}: ToldProblem & { readonly detail: string }): string {
  const subject = address === undefined ? '' : `${address}: `;
  return `${subject}${kind}: ${detail.replace(/;/g, ',').replace(/\s+/g, ' ')}`;
}

/**
 * The addresses that a condition's message lists as assigned; none if it is not of our making. No more
 * than a pod may claim: whoever may patch its status may write any number.
 */
export function parseAssigned(message: string): AssignedAddress[] {
  const [first = ''] = message.split(SEPARATOR, 1);
  if (!first.startsWith(ASSIGNED)) return [];
  return first
    .slice(ASSIGNED.length)
    .split(', ', MAX_ADDRESSES)
    .flatMap((item) => {
      const [, text = '', eniId] = /^(\S+)(?: on (\S+))?$/.exec(item) ?? [];
      const address = parseAddress(text);
      if (address === undefined) return [];
      return [eniId === undefined ? { address } : { address, eniId }];
    });
}

/** The problems of single addresses that a condition's message tells of. */
export function parseProblems(
  message: string,
): { readonly address: Address; readonly kind: string }[] {
  return message
    .split(SEPARATOR, 1 + MAX_PROBLEMS)
    .slice(1)
    .flatMap((part) => {
      const [, text = '', kind = ''] = /^(\S+): ([a-z]+(?:-[a-z]+)*): /.exec(part) ?? [];
      const address = parseAddress(text);
      return address === undefined ? [] : [{ address, kind }];
    });
}

import type { Ec2 } from '../enis/ec2.ts';
import { assigns, changedBy, writingActionOf } from '../enis/writing-actions.ts';

/**
 * EC2's ids of the requests that changed addresses, by ENI and address as `requestKey` gives it. CloudTrail has
 * them as `requestID`.
 */
export interface Requests {
  readonly assigned: Map<string, string>;
  readonly unassigned: Map<string, string>;
}

export function noRequests(): Requests {
  return { assigned: new Map(), unassigned: new Map() };
}

function requestKey(eniId: string, address: string): string {
  return `${eniId}/${address}`;
}

/**
 * The requests that changed an address.
 *
 * @param from the ENI that it was unassigned from, if it was.
 */
export function requestsOf(
  { assigned, unassigned }: Requests,
  { address, eniId }: { readonly address: string; readonly eniId: string },
  from?: string,
): { readonly assign?: string; readonly unassign?: string } {
  const assign = assigned.get(requestKey(eniId, address));
  const unassign = from === undefined ? undefined : unassigned.get(requestKey(from, address));
  return { ...(assign && { assign }), ...(unassign && { unassign }) };
}

/** The same client; the last request that was answered for each address is noted. */
export function notingRequests(ec2: Ec2, into: Requests): Ec2 {
  const note = (command: unknown, answer: unknown): void => {
    const action = writingActionOf(command);
    const id = requestIdOf(answer);
    if (action === undefined || id === undefined) return;
    const { eniId, addresses } = changedBy(command);
    const known = assigns(action) ? into.assigned : into.unassigned;
    for (const address of addresses) known.set(requestKey(eniId, address), id);
  };
  return {
    send: new Proxy(ec2.send.bind(ec2), {
      async apply(target, self, args: unknown[]) {
        const answer: unknown = await Reflect.apply(target, self, args);
        note(args[0], answer);
        return answer;
      },
    }),
  };
}

/** The SDK's metadata of an answer, whoever made it. */
function requestIdOf(answer: unknown): string | undefined {
  if (!(answer instanceof Object && '$metadata' in answer)) return undefined;
  const { $metadata: metadata } = answer;
  if (!(metadata instanceof Object && 'requestId' in metadata)) return undefined;
  return typeof metadata.requestId === 'string' ? metadata.requestId : undefined;
}

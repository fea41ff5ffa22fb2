import { CodedError } from '../errors.ts';
import type { Placement } from '../plan/decision.ts';
import type { ClusterAccess } from '../state/cluster-access.ts';
import { sleep } from '../time/clock.ts';

/** EC2 still shows what was released; the message is tried again. */
export class StillShownError extends CodedError {
  override readonly name = 'StillShownError';
  readonly errorCode = 'still-shown';
}

/**
 * EC2's view settles within moments. What these pauses (ms) are not enough for is left to the retry
 * of the message.
 */
const PAUSES_MS = [0, 100, 200, 400, 800, 1600] as const;

/**
 * Waits until DescribeNetworkInterfaces no longer shows what was released (docs/design.md, rule 7:
 * else the next reconcile could read the old state and keep what is not there).
 *
 * @throws StillShownError when it does for longer than about three seconds.
 */
export async function confirmReleased(
  access: ClusterAccess,
  node: string,
  instanceId: string,
  released: readonly Placement[],
  signal?: AbortSignal,
): Promise<void> {
  let shown = released;
  for (const pause of PAUSES_MS) {
    if (shown.length === 0) return;
    if (pause > 0) await sleep(access.clock, pause, signal);
    const enis = await access.ec2.inventory.ofInstances([instanceId], signal);
    shown = shown.filter(({ eniId, address }) =>
      enis.some((eni) => eni.id === eniId && eni.secondary.includes(address)),
    );
  }
  if (shown.length === 0) return;
  const where = shown.map(({ address, eniId }) => `${address} on ${eniId}`).join(', ');
  throw new StillShownError(
    `cluster ${access.cluster}, node ${node}: EC2 still shows ${where} after it was released`,
  );
}

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
 * EC2's view settles within moments, but can take longer. What these pauses (ms) are not enough for is left to
 * the retry of the message, which pays for Assign again: rule 7.
 */
const PAUSES_MS = [0, 100, 200, 400, 800, 1600, 3200, 3200, 3200] as const;
/** What was on no read so far would be shown by then, ms. */
const SETTLES_MS = 3_000;

/**
 * Waits until DescribeNetworkInterfaces no longer shows what was released (docs/design.md, rule 7:
 * otherwise the next reconcile could read the old state and keep what is not there).
 *
 * @param unconfirmed was on no read so far, and EC2 has not said that it is not there: this is waited
 *   for until EC2's view has settled.
 * @throws StillShownError if EC2 shows what was released for longer than about thirteen seconds, or
 *   shows anything of `unconfirmed`.
 */
export async function confirmReleased(
  access: ClusterAccess,
  { node, instanceId }: { readonly node: string; readonly instanceId: string },
  released: readonly Placement[],
  unconfirmed: readonly Placement[] = [],
  signal?: AbortSignal,
): Promise<void> {
  let shown = released;
  let waitedMs = 0;
  for (const pause of PAUSES_MS) {
    if (shown.length === 0 && (unconfirmed.length === 0 || waitedMs > SETTLES_MS)) return;
    waitedMs += pause;
    if (pause > 0) await sleep(access.clock, pause, signal);
    const enis = await access.ec2.inventory.ofInstances([instanceId], signal);
    const isShown = ({ eniId, address }: Placement): boolean =>
      enis.some((eni) => eni.id === eniId && eni.secondary.includes(address));
    const appeared = unconfirmed.filter(isShown);
    if (appeared.length > 0) throw stillShown(access, node, appeared);
    shown = shown.filter(isShown);
  }
  if (shown.length > 0) throw stillShown(access, node, shown);
}

function stillShown(
  { cluster }: ClusterAccess,
  node: string,
  shown: readonly Placement[],
): StillShownError {
  const where = shown.map(({ address, eniId }) => `${address} on ${eniId}`).join(', ');
  return new StillShownError(
    `cluster ${cluster}, node ${node}: EC2 still shows ${where} after it was released`,
  );
}

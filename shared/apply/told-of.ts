import { parseAssigned } from '../claims/condition-message.ts';
import type { Pod } from '../cluster/kubernetes.ts';
import type { Placement } from '../plan/decision.ts';

/** The pod whose condition says that it has an address on an ENI; also one that has ended and is still listed. */
export function toldOf(pods: Iterable<Pod>, { address, eniId }: Placement): Pod | undefined {
  for (const pod of pods) {
    const told = parseAssigned(pod.condition?.message ?? '');
    if (told.some((each) => each.address === address && each.eniId === eniId)) return pod;
  }
  return undefined;
}

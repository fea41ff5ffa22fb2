import type { Address } from '../../shared/address.ts';
import type { Release } from '../../shared/plan/verdict.ts';
import type { NodeState } from '../../shared/state/node-state.ts';
import { writeEvents } from '../write-events.ts';
import type { NodeRequest, ReconcileScope } from './scope.ts';

/** What is not released for now, though nobody claims it. */
export interface Withheld {
  readonly addresses: ReadonlySet<Address>;
  readonly why: 'no-pods' | 'mass' | 'own-news';
}

/** How long until a node without any pod is looked at again, before that is believed. */
const SECOND_LOOK_MS = 60_000;

/**
 * What of a node's releases is not believed (docs/design.md, "The brake"). What a watch told of, event by
 * event, is.
 *
 * @returns `undefined` if all of it may be released.
 */
export async function withheldOf(
  { access, brake, controls, memory }: ReconcileScope,
  { pods, reasons, seenToEnd }: Pick<NodeRequest, 'pods' | 'reasons' | 'seenToEnd'>,
  state: NodeState,
  releases: readonly Release[],
  signal?: AbortSignal,
): Promise<Withheld | undefined> {
  const now = access.clock.now();
  const isEmpty = state.podObjects.size === 0;
  if (!isEmpty) memory.emptySince = undefined;
  const left = releases.filter(({ address }) => !seenToEnd.has(address));
  if (left.length === 0 || controls.letsGo(access.cluster)) return undefined;
  const addresses = new Set(left.map(({ address }) => address));
  if (isEmpty) {
    memory.emptySince ??= now;
    if (now - memory.emptySince < SECOND_LOOK_MS) return { addresses, why: 'no-pods' };
  }
  if (brake.areFew(access.cluster, left)) return undefined;
  if (await brake.lets(access, state, left, signal)) return undefined;
  // Whoever tells of another pod often comes first: what tells of these follows, or the sweep finds them.
  const tellsOfOthers =
    reasons.every((each) => each === 'pods') && !pods.some(({ inferred }) => inferred);
  return { addresses, why: tellsOfOthers ? 'own-news' : 'mass' };
}

const WHY = {
  'no-pods':
    "the node has no pod at all, not even a DaemonSet's. A look a minute later releases them, if that is still so",
  mass: 'too many addresses of the cluster are left at once, and nobody saw their pods end. If that is right, multus-eni resume --releases lets them go: docs/runbook.md, "Releases withheld"',
} as const;

/**
 * Tells what is withheld: in the log, by the metric, and, if it is new, by an Event on the Node. What
 * has news of its own is not told.
 */
export async function tellWithheld(
  { access, memory }: Pick<ReconcileScope, 'access' | 'memory'>,
  { node, nodeUid }: Pick<NodeState, 'node' | 'nodeUid'>,
  { addresses, why }: Withheld,
  signal?: AbortSignal,
): Promise<void> {
  if (why === 'own-news') return;
  const { cluster, telemetry } = access;
  const list = [...addresses];
  telemetry.warn('addresses are withheld', { cluster, node }, { addresses: list, why });
  if (why === 'mass') telemetry.metric('AddressesWithheld', cluster, list.length);
  const told = `${why} ${list.toSorted().join(' ')}`;
  if (memory.withheldTold === told) return;
  memory.withheldTold = told;
  const regarding = { kind: 'Node', name: node, uid: nodeUid } as const;
  const message = `not released, though no pod claims them: ${list.slice(0, 20).join(', ')}${list.length > 20 ? ` and ${list.length - 20} more` : ''}. ${WHY[why]}`;
  const event = {
    regarding,
    id: `withheld-${why}`,
    type: 'Warning',
    reason: 'ReleasesWithheld',
    message,
  } as const;
  await writeEvents(access, [event], signal);
}

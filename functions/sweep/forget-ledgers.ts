import type { Ledger } from '../../shared/cluster/ledgers.ts';
import type { ClusterAccess } from '../../shared/state/cluster-access.ts';
import type { ClusterListing } from '../../shared/state/cluster-state.ts';
import { inTurns } from '../../shared/time/in-turns.ts';

/** Says when a sweep found that EC2 has no such ENI. */
const GONE_SINCE = 'multus-eni.dev/gone-since';
/** How many ledgers one sweep asks EC2 about: one call. */
const MOST = 200;

/**
 * Deletes the ledgers of ENIs that there are no more, if an earlier sweep found the same (docs/design.md,
 * rule L16). A detached ENI keeps its ledger. What cannot be written is logged, and the next sweep tries again.
 *
 * @param isSeen whether the sweep saw an ENI: then nobody need be asked about it.
 * @throws what EC2 throws, and the signal's reason.
 */
export async function forgetLedgers(
  { clock, cluster, ec2, kubernetes, policy, telemetry }: ClusterAccess,
  { ledgers }: Pick<ClusterListing, 'ledgers'>,
  isSeen: (eniId: string) => boolean,
  signal?: AbortSignal,
): Promise<void> {
  if (ledgers.kind === 'unusable' || !policy.writes) return;
  const asked = [...ledgers.byEni.values()]
    .flatMap((reading) => (reading.kind === 'ledger' ? [reading.ledger] : []))
    .filter((ledger) => !isSeen(ledger.eniId) || isMarked(ledger))
    .slice(0, MOST);
  if (asked.length === 0) return;
  const ids = asked.map(({ eniId }) => eniId);
  const there = new Set((await ec2.inventory.withIds(ids, signal)).map(({ id }) => id));
  const signature = { at: clock.now(), by: 'sweep' };
  await inTurns(asked, async (ledger) => {
    const { eniId } = ledger;
    try {
      if (there.has(eniId)) {
        if (isMarked(ledger)) await kubernetes.writeLedger(marked(ledger), signature, signal);
        return;
      }
      if (!isMarked(ledger)) {
        const since = new Date(signature.at).toISOString();
        await kubernetes.writeLedger(marked(ledger, since), signature, signal);
        return;
      }
      await kubernetes.deleteLedger(ledger, signal);
      telemetry.info('the ledger of an ENI that is gone was deleted', { cluster, eniId });
    } catch (error) {
      if (signal?.aborted) throw error;
      telemetry.error('the ledger of an ENI that is gone stays', { cluster, eniId }, error);
    }
  });
}

function isMarked({ metadata }: Ledger): boolean {
  return metadata?.annotations?.[GONE_SINCE] !== undefined;
}

/** The ledger with the mark, or without it. */
function marked({ metadata, ...ledger }: Ledger, since?: string): Ledger {
  const { [GONE_SINCE]: _, ...others } = metadata?.annotations ?? {};
  const annotations = since === undefined ? others : { ...others, [GONE_SINCE]: since };
  return { ...ledger, metadata: { ...metadata, annotations } };
}

import type { LedgerReading } from '../../shared/cluster/ledgers.ts';
import { count, type Tone } from '../output.ts';
import type { View } from '../view/view.ts';

/** An assignment takes seconds: an entry that is `Assigning` for longer than this (ms) is stuck. */
const BUSY_MS = 2 * 60_000;

/** What the ledgers of a cluster have, and what is wrong with them. Pure. */
export function ledgersStatus({ ledgers, readAt }: Pick<View, 'ledgers' | 'readAt'>): {
  readonly text: string;
  readonly tone?: Tone;
} {
  if (ledgers.kind === 'unusable') {
    // The row of the nodes says why.
    return { text: 'cannot be used: nothing is released in the cluster', tone: 'bad' };
  }
  const readings = [...ledgers.byEni];
  const unusable = readings.filter(([, { kind }]) => kind === 'unusable').map(([eniId]) => eniId);
  const entries = readings.flatMap(([, reading]) => entriesOf(reading));
  const stuck = entries.filter(({ at, state }) => state === 'assigning' && readAt - at > BUSY_MS);
  const texts = [
    `${entries.length === 1 ? '1 entry' : `${entries.length} entries`} in ${count(readings.length, 'ledger')}`,
    ...(stuck.length > 0
      ? [`${stuck.length} Assigning for more than two minutes (kubectl get enis)`]
      : []),
    ...(unusable.length > 0
      ? [
          `${unusable.length} unusable, and nothing is released there: ${unusable.slice(0, 3).join(', ')}`,
        ]
      : []),
  ];
  return { text: texts.join('; '), tone: texts.length > 1 ? 'bad' : 'good' };
}

function entriesOf(reading: LedgerReading) {
  return reading.kind === 'ledger' ? [...reading.ledger.entries.values()] : [];
}

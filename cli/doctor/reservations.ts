import { refusalOf } from '../../shared/cluster/errors.ts';
import {
  RESERVATION_PATHS,
  type Reservations,
  reservationsFrom,
} from '../../shared/cluster/reservations.ts';
import type { Api } from '../access/kubernetes.ts';

/**
 * What whereabouts keeps for pods.
 *
 * @param refused is told where the caller may not list it.
 * @returns `undefined` if the cluster has no whereabouts, or if it may not be listed.
 * @throws what the API server refuses with otherwise; MalformedObjectError.
 */
export async function readReservations(
  api: Pick<Api, 'read'>,
  refused: () => void,
): Promise<Reservations | undefined> {
  try {
    const { pools, overlapping } = RESERVATION_PATHS;
    return reservationsFrom(await api.read(pools), await api.read(overlapping));
  } catch (error) {
    const code = refusalOf(error)?.code;
    if (code === 403) refused();
    if (code === 403 || code === 404) return undefined;
    throw error;
  }
}

import { refusalOf } from '../../shared/cluster/errors.ts';
import { explain } from '../failure.ts';

/** Why something could not be asked, and what is missing for it. */
export interface Unasked {
  readonly unasked: string;
}

/** What was asked of AWS or of the cluster for checks: it is known, or why it is not. */
export type MaybeKnown<T> = { readonly known: T } | Unasked;

/** What AWS's services call it where a right is missing. */
const REFUSED = /^(AccessDenied|AuthorizationError|UnauthorizedOperation)/;

/**
 * Asks for something that checks need. It throws nothing: a check that cannot be made costs no other.
 *
 * @param right what the operator needs for it, such as `iam:SimulatePrincipalPolicy`.
 */
export async function asked<T>(right: string, read: () => Promise<T>): Promise<MaybeKnown<T>> {
  try {
    return { known: await read() };
  } catch (error) {
    const isRefused = error instanceof Error && REFUSED.test(error.name);
    if (isRefused || refusalOf(error)?.code === 403)
      return { unasked: `you lack the right ${right}` };
    return { unasked: explain(error, `use ${right}`) };
  }
}

/** What follows from it, where it is known. */
export function ifKnown<T, R>(it: MaybeKnown<T>, then: (known: T) => R): R | Unasked {
  return 'unasked' in it ? it : then(it.known);
}

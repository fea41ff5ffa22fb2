import type { ClusterAccess } from '../../shared/state/cluster-access.ts';
import { unlessRefused } from '../access/access.ts';
import { EXIT } from '../exit-code.ts';
import type { Output } from '../output.ts';

/**
 * The same access, but a read that is refused counts as empty where the rest is of use without it.
 *
 * @param missing is told what is not known then, and why.
 */
export function withoutRefused(
  access: ClusterAccess,
  missing: (text: string) => void,
): ClusterAccess {
  const { cluster, ec2, kubernetes } = access;
  const told = new Set<string>();
  const orElse = async <T>(what: string, read: () => Promise<T>, instead: T): Promise<T> => {
    try {
      return await unlessRefused(cluster, read);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const text = `not known: ${what}. ${why}`;
      if (!told.has(text)) missing(text);
      told.add(text);
      return instead;
    }
  };
  return {
    ...access,
    ec2: {
      ...ec2,
      limitsOf: (...asked) =>
        orElse('how many addresses an ENI takes', () => ec2.limitsOf(...asked), undefined),
    },
    kubernetes: {
      ...kubernetes,
      listNetworkAttachmentDefinitions: (signal) =>
        orElse(
          'the NetworkAttachmentDefinitions, so no range and no master',
          () => kubernetes.listNetworkAttachmentDefinitions(signal),
          [],
        ),
    },
  };
}

/** Says what is not known. @returns `code`, or that of a failure where something is missing. */
export function partly(code: number, missing: readonly string[], output: Output): number {
  for (const text of missing) output.warn(text);
  return missing.length > 0 ? EXIT.failed : code;
}

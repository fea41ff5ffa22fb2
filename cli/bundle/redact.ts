import type { View } from '../view/view.ts';

/** A stand-in for each name and address of a view. One name has the same stand-in everywhere. */
export function pseudonyms(view: View): ReadonlyMap<string, string> {
  const given = new Map<string, string>();
  const name = (kind: string, values: Iterable<string | undefined>): void => {
    for (const value of values) {
      if (value !== undefined && !given.has(value)) given.set(value, `${kind}-${given.size + 1}`);
    }
  };
  name('cluster', [view.cluster]);
  name(
    'node',
    view.allNodes.map((node) => node.name),
  );
  name(
    'instance',
    view.allNodes.map(({ instanceId }) => instanceId),
  );
  name(
    'pod',
    view.allPods.map((pod) => pod.name),
  );
  name(
    'namespace',
    view.allPods.map(({ namespace }) => namespace),
  );
  name(
    'eni',
    view.allEnis.map(({ id }) => id),
  );
  name(
    'subnet',
    view.allEnis.map(({ subnetId }) => subnetId),
  );
  name(
    'vpc',
    view.allEnis.map(({ vpcId }) => vpcId),
  );
  name(
    'mac',
    view.allEnis.map(({ mac }) => mac),
  );
  name('network', [...view.state.networks.byName.keys()]);
  name(
    'address',
    view.allEnis.flatMap(({ primary, secondary }) => [...primary, ...secondary]),
  );
  const claims = [...view.nodes.values()]
    .flatMap(({ state }) => state.pods)
    .flatMap((pod) => pod.claims);
  name(
    'address',
    claims.map(({ address }) => address),
  );
  return given;
}

/** A Region, or a zone of one (AWS General Reference, "AWS service endpoints"). */
const REGION =
  /\b[a-z]{2,4}(?:-gov|-iso[a-z]?|-de)?-(?:north|south|east|west|central|northeast|southeast|northwest|southwest)-\d[a-z]?\b/g;
/** Ids of EC2, and accounts: in errors, ARNs and URLs. */
const EC2_ID = /\b(vpc|subnet|eni|i|sg|acl|rtb|eni-attach)-[0-9a-f]{8,17}\b/g;
const ACCOUNT = /(?<![\w-])\d{12}(?![\w-])/g;

/**
 * The value with the names in its texts replaced, and then every address, Region, account and id of EC2
 * that is left.
 */
export function redacted(value: unknown, names: ReadonlyMap<string, string>): unknown {
  const longestFirst = [...names.keys()].toSorted((a, b) => b.length - a.length);
  const known =
    longestFirst.length === 0
      ? undefined
      : new RegExp(`(?<![\\w.:-])(${longestFirst.map(RegExp.escape).join('|')})(?![\\w:-])`, 'g');
  const replace = (text: string): string => {
    const named =
      known === undefined ? text : text.replace(known, (found) => names.get(found) ?? found);
    return named
      .replace(REGION, 'region')
      .replace(EC2_ID, (_, kind: string) => kind)
      .replace(ACCOUNT, 'account')
      .replace(/\b\d{1,3}(\.\d{1,3}){3}\b/g, 'address')
      .replace(/\b(?:[0-9a-f]{1,4}:+){2,7}[0-9a-f]{0,4}/gi, 'address');
  };
  const walk = (each: unknown): unknown => {
    if (typeof each === 'string') return replace(each);
    if (Array.isArray(each)) return each.map(walk);
    if (typeof each !== 'object' || each === null) return each;
    return Object.fromEntries(
      Object.entries(each).map(([key, inner]) => [replace(key), walk(inner)]),
    );
  };
  return walk(value);
}

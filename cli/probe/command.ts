import { randomBytes } from 'node:crypto';
import { describeKubernetesError } from '../../shared/cluster/errors.ts';
import { PROBE_LABEL, PROBE_NAME } from '../../shared/probe.ts';
import type { Clock } from '../../shared/time/clock.ts';
import { type Look, unlessRefused } from '../access/access.ts';
import { EXIT } from '../exit-code.ts';
import { Failed } from '../failure.ts';
import { count, type Output } from '../output.ts';
import { readView } from '../view/view.ts';
import { probePod } from './pod.ts';
import { type ProbePods, probePods } from './pods.ts';
import { printRows } from './print.ts';
import { rowsOf } from './rows.ts';
import { type ProbeRun, watchRun } from './run.ts';
import type { ProbeSeen } from './seen.ts';
import { type Target, targetOf, type Wish } from './target.ts';

/** A pod that is deleted is gone within this, unless its node does not answer. */
const GONE_MS = 60_000;

export interface ProbeOptions extends Wish {
  /** How long it may take. */
  readonly seconds: number;
}

/**
 * Does traffic get there? Makes a pod on each of two nodes, has them try the network, and removes them,
 * however it ends.
 *
 * @returns the exit code: 4 if a check failed, 1 if a pod could not be removed.
 * @throws BadInput if there is no such network or node; Failed if the cluster refuses.
 */
export async function probeCommand(
  look: Look,
  options: ProbeOptions,
  outside: { readonly clock: Clock; readonly interrupted: () => AbortSignal },
  output: Output,
): Promise<number> {
  const { access, api } = look;
  const { cluster } = access;
  const { clock } = outside;
  const target = await unlessRefused(cluster, async () => {
    const view = await readView(access, output.progress);
    return targetOf(view, options, api);
  });
  const pods = probePods(api, target.namespace, clock);
  const run = runOf(target, options.seconds);
  const manifests = manifestsOf(target, run);
  await unlessRefused(cluster, () => makeWay(pods, manifests, target, output));
  // Not sooner: until there are pods to remove, Ctrl-C ends the process.
  const signal = outside.interrupted();
  let left: readonly string[] = [];
  let seen: ProbeSeen | undefined;
  try {
    output.progress(`${cluster}: two pods try ${run.network}`);
    seen = await unlessRefused(cluster, () => tryOut(pods, manifests, run, clock, signal));
  } finally {
    output.progress(`${cluster}: removing the pods`);
    left = await removed(pods, target, cluster, output);
  }
  if (seen === undefined) return EXIT.interrupted;
  const rows = rowsOf(seen);
  output.result({ cluster, ...run, sides: sidesOf(seen), rows, left, calls: look.calls() });
  printRows(seen, rows, output);
  if (left.length > 0) return EXIT.failed;
  return rows.some(({ result }) => result === 'failed') ? EXIT.found : EXIT.ok;
}

function runOf({ namespace, network, nodes, gateway }: Target, seconds: number): ProbeRun {
  const run = randomBytes(4).toString('hex');
  const [a, b] = nodes;
  return {
    run,
    network: `${namespace}/${network}`,
    ...(gateway !== undefined && { gateway }),
    sides: [
      { node: a, pod: `${PROBE_NAME}-${run}-a` },
      { node: b, pod: `${PROBE_NAME}-${run}-b` },
    ],
    seconds,
  };
}

function manifestsOf(target: Target, { run, sides, seconds }: ProbeRun): object[] {
  const { namespace, network, image, ips } = target;
  return sides.map(({ node, pod: name }, index) => {
    const ip = ips?.[index];
    const given = ip === undefined ? {} : { ip };
    return probePod({ run, name, namespace, network, node, image, seconds, ...given });
  });
}

/** Removes what an earlier run left, and asks for what this one needs before it makes anything. */
async function makeWay(
  pods: ProbePods,
  [manifest = {}]: readonly object[],
  { namespace }: Target,
  output: Output,
): Promise<void> {
  const { removed: number, left } = await pods.removeAll(GONE_MS);
  if (number > 0) output.warn(`removed ${count(number, 'pod')} that an earlier probe had left`);
  if (left.length > 0) {
    throw new Failed(`pods of an earlier probe cannot be removed: ${stillThere(left, namespace)}`);
  }
  const refused = await pods.refused(manifest);
  if (refused.length === 0) return;
  throw new Failed(
    `nothing was made, as this is refused in namespace ${namespace}: ${refused.join('; ')}. What a probe needs to be allowed: docs/reference/probe.md`,
  );
}

/** @returns `undefined` if the operator has had enough. */
async function tryOut(
  pods: ProbePods,
  manifests: readonly object[],
  run: ProbeRun,
  clock: Clock,
  signal: AbortSignal,
): Promise<ProbeSeen | undefined> {
  try {
    for (const manifest of manifests) {
      signal.throwIfAborted();
      await pods.create(manifest);
    }
    return await watchRun(run, pods, clock, signal);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** @returns the pods that are still there; whatever happens, the operator is told of them. */
async function removed(
  pods: ProbePods,
  { namespace }: Target,
  cluster: string,
  output: Output,
): Promise<readonly string[]> {
  try {
    const { left } = await pods.removeAll(GONE_MS);
    if (left.length > 0) output.warn(stillThere(left, namespace));
    return left;
  } catch (error) {
    output.warn(`${describeKubernetesError(error, { cluster })}: ${stillThere(['?'], namespace)}`);
    return ['?'];
  }
}

function stillThere(left: readonly string[], namespace: string): string {
  const names = left.filter((name) => name !== '?').join(', ') || 'pods of the probe';
  return `${names} may still be there. The next probe removes them, or: kubectl delete pods -n ${namespace} -l ${PROBE_LABEL}`;
}

function sidesOf({ sides }: ProbeSeen) {
  return sides.map(({ node, pod, facts, attachedAt, assignedAt, answeredAt, report }) => ({
    node,
    pod,
    interface: facts?.attachment?.interface,
    addresses: facts?.attachment?.ips ?? [],
    condition: facts?.condition,
    attachedAt,
    assignedAt,
    answeredAt,
    report,
  }));
}

import { readdir } from 'node:fs/promises';
import { kubernetesFailure } from '../../shared/cluster/errors.ts';
import { pauseAfter } from '../../shared/time/back-off.ts';
import { sleep } from '../../shared/time/clock.ts';
import { EXIT, Failure } from '../exit-code.ts';
import type { IpManagerOutside } from './outside.ts';

const LOOK_MS = 500;
/** How many looks in a row see the file. By then the container runtime has seen it, too. */
const LOOKS = 2;
const BACK_OFF = { first: 500, most: 30_000, jitter: 0.5 };

/**
 * Waits until the container runtime asks Multus first when it makes a pod, and takes the startup
 * taint from the node. Before that a pod would run without its networks, and be told nothing.
 *
 * @throws Failure if the node's name or the service account is missing, or the folder cannot be read;
 * the signal's reason.
 */
export async function untaint(outside: IpManagerOutside, signal: AbortSignal): Promise<void> {
  const { clock, environment, random, say } = outside;
  const { cniDirectory, startupTaint } = environment;
  const node = await outside.ownNode();
  say(`waiting for Multus in ${cniDirectory}`);
  for (let seen = 0; seen < LOOKS; ) {
    seen = isMultusFirst(await namesIn(cniDirectory)) ? seen + 1 : 0;
    await sleep(clock, LOOK_MS, signal);
  }
  for (let failures = 1; ; failures += 1) {
    try {
      const removed = await node.removeTaint(startupTaint, signal);
      say(`node ${node.name}: ${removed ? 'removed' : 'had no'} taint ${startupTaint}`);
      return;
    } catch (error) {
      signal.throwIfAborted();
      // It is tried again: a right can be given later, and a change by somebody else is over by
      // then.
      say(`node ${node.name}: not removed yet: ${kubernetesFailure(error).detail}`);
      await sleep(clock, pauseAfter(failures, BACK_OFF, random), signal);
    }
  }
}

/**
 * Whether the container runtime takes Multus' file: of those with these extensions the first by name
 * (libcni, ConfFiles; containerd, max_conf_num). The name is enough: reading the file needs root.
 */
export function isMultusFirst(names: readonly string[]): boolean {
  const [first] = names.filter((name) => /\.(conf|conflist|json)$/.test(name)).toSorted();
  return first?.includes('multus') === true;
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new Failure(EXIT.badInput, `environment variable CNI_DIRECTORY: ${said}`, {
      cause: error,
    });
  }
}

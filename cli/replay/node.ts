import { type ResyncOptions, resync } from './resync.ts';

/**
 * Sends a resync for one node. Whether there is such a node, `reconcile` finds out.
 *
 * @returns the exit code.
 * @throws what `resync` throws.
 */
export function replayNode(options: ResyncOptions, node: string): Promise<number> {
  return resync(options, [node]);
}

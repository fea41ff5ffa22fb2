import { changesBetween } from '../../console/changes.ts';
import type { MapData, MapNode } from '../../console/data.ts';
import type { Clock } from '../../shared/time/clock.ts';
import { type Look, unlessRefused } from '../access/access.ts';
import { EXIT } from '../exit-code.ts';
import { mapOf } from '../map/data.ts';
import { follow } from '../map/follow.ts';
import { count, type Output } from '../output.ts';
import { instant } from '../view/text.ts';
import { readView, type View } from '../view/view.ts';
import { labelled } from '../wrap.ts';

/**
 * Tells what becomes of addresses as it happens, until the operator has had enough. It is read as the
 * map is: at once where a pod changes, and else every fifteen seconds.
 *
 * @returns the exit code for that.
 * @throws Failed if the cluster cannot be read at first.
 */
export async function tailCommand(
  look: Look,
  { clock, interrupted }: { readonly clock: Clock; readonly interrupted: () => AbortSignal },
  output: Output,
): Promise<number> {
  const { access } = look;
  const view = await unlessRefused(access.cluster, () => readView(access, output.progress));
  let before = mapOf(view);
  let trouble = '';
  const nodes = count(before.nodes.length, 'node');
  output.line(`${before.cluster}: ${nodes}; what changes, until Ctrl-C:`);
  const follower = {
    read(now: View): void {
      const after = mapOf(now);
      tell(before, after, output);
      before = after;
      trouble = '';
    },
    failed(reason: string): void {
      // Told once, although it is tried again and again.
      if (reason !== trouble) output.warn(reason);
      trouble = reason;
    },
  };
  await follow(look, clock, follower, interrupted());
  return EXIT.interrupted;
}

function tell(before: MapData, after: MapData, output: Output): void {
  const is = new Set(after.nodes.map(({ name }) => name));
  const gone = before.nodes.filter(({ name }) => !is.has(name));
  const without = gone.map((node): MapNode => ({ ...node, addresses: [] }));
  const at = instant(after.readAt);
  for (const { address, node, text } of changesBetween(before, [...after.nodes, ...without])) {
    output.result({ at, address, node, text });
    for (const line of labelled(at, `${text}, on ${node}`, 0, 22)) output.line(line);
  }
}

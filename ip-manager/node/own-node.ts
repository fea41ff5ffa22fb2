import * as z from 'zod';
import { parseObject } from '../../shared/cluster/malformed.ts';
import { PATHS } from '../../shared/cluster/paths.ts';
import { readText } from '../../shared/cluster/transport.ts';
import type { Clock } from '../../shared/time/clock.ts';
import { withDeadline } from '../../shared/time/deadline.ts';
import { apiServer } from '../api-server.ts';
import type { Environment } from '../environment.ts';
import { EXIT, Failure } from '../exit-code.ts';

const REQUEST_TIMEOUT_MS = 10_000;
/** etcd holds objects of 1.5 MiB by default. */
const LONGEST_ANSWER_BYTES = 4 * 1024 * 1024;

/** The node that the program runs on. */
export interface OwnNode {
  readonly name: string;
  /**
   * Takes every taint of this key from the node, and nothing else.
   *
   * @returns whether there was any.
   * @throws ApiError, also if somebody changed the taints meanwhile; what the transport throws.
   */
  removeTaint(key: string, signal: AbortSignal): Promise<boolean>;
}

const node = z.object({
  spec: z
    .object({ taints: z.array(z.object({ key: z.string() })).default([]) })
    .default({ taints: [] }),
});

/** @throws Failure if the node's name is not known, or there is no service account. */
export async function ownNode(environment: Environment, clock: Clock): Promise<OwnNode> {
  const { nodeName: name } = environment;
  if (name === undefined) {
    throw new Failure(
      EXIT.badInput,
      'environment variable NODE_NAME: set it by the downward API, from spec.nodeName',
    );
  }
  const { transport } = await apiServer(environment);
  const path = PATHS.node(name);
  const read = (deadline: AbortSignal) =>
    transport({ path, signal: deadline }).then((answer) => readText(answer, LONGEST_ANSWER_BYTES));
  const patch = (body: unknown, deadline: AbortSignal) =>
    transport({
      ...{ method: 'PATCH', path, body, signal: deadline },
      contentType: 'application/json-patch+json',
    }).then((answer) => readText(answer, LONGEST_ANSWER_BYTES));
  return {
    name,
    removeTaint: (key, signal) =>
      withDeadline(clock, REQUEST_TIMEOUT_MS, signal, async (deadline) => {
        const { spec } = parseObject(`Node ${name}`, node, JSON.parse(await read(deadline)));
        const places = spec.taints.flatMap((taint, index) => (taint.key === key ? [index] : []));
        if (places.length === 0) return false;
        await patch(removalOf(key, places), deadline);
        return true;
      }),
  };
}

/** A JSON patch (RFC 6902) that is refused if the taints are others by then; the last goes first. */
function removalOf(key: string, places: readonly number[]): readonly object[] {
  return places.toReversed().flatMap((index) => [
    { op: 'test', path: `/spec/taints/${index}/key`, value: key },
    { op: 'remove', path: `/spec/taints/${index}` },
  ]);
}

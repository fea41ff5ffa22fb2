import { nodeMessage } from '../../shared/messages/build.ts';
import { message, type NodeMessage } from '../../shared/messages/schema.ts';
import type { Sqs } from '../../shared/messages/sqs.ts';
import type { Clock } from '../../shared/time/clock.ts';
import { EXIT } from '../exit-code.ts';
import { BadInput } from '../failure.ts';
import { count, type Output } from '../output.ts';
import { sendBatches } from './send.ts';

export interface ResyncOptions {
  readonly sqs: Sqs;
  readonly queueUrl: string;
  readonly cluster: string;
  readonly clock: Clock;
  readonly output: Output;
}

/**
 * Asks for a look at nodes, whatever happened there.
 *
 * @returns the exit code.
 * @throws BadInput for names that no message can have; Failed if SQS refuses.
 */
export async function resync(options: ResyncOptions, nodes: readonly string[]): Promise<number> {
  const { cluster, queueUrl, output } = options;
  const resyncs = nodes.map((node) => ({ node, message: resyncOf(options, node) }));
  let sent = 0;
  const refusals: string[] = [];
  for await (const { accepted, refused } of sendBatches(options, resyncs)) {
    sent += accepted.length;
    for (const [{ node }, why] of refused) refusals.push(`${cluster}/${node}: ${why}`);
    output.progress(`sent ${sent} of ${count(nodes.length, 'resync')}`);
  }
  output.result({ queueUrl, cluster, nodes, sent, refused: refusals });
  output.line(`Sent a resync for ${count(sent, 'node')} of ${cluster} to ${queueUrl}.`);
  for (const line of refusals) output.warn(`not accepted: ${line}`);
  return refusals.length > 0 ? EXIT.failed : EXIT.ok;
}

function resyncOf({ cluster, clock }: ResyncOptions, node: string): NodeMessage {
  const built = nodeMessage(cluster, node, 'resync', clock.now());
  const parsed = message.safeParse(built);
  if (parsed.success) return built;
  const issue = parsed.error.issues[0];
  throw new BadInput(`${issue?.path.join('.')}: ${issue?.message}`);
}

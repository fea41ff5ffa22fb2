import { readStage } from '../access/stage.ts';
import type { Asking } from '../aws-clients.ts';
import { EXIT } from '../exit-code.ts';
import { BadInput } from '../failure.ts';
import type { Output } from '../output.ts';
import { rangeText } from '../view/text.ts';

/**
 * Which clusters a stage serves: those of its configuration, and those that joined by themselves.
 *
 * @returns the exit code: 3 if there are none.
 * @throws BadInput if there is no such stage; Failed if SSM refuses.
 */
export async function clustersCommand(
  { stage, region }: { readonly stage?: string; readonly region?: string },
  asking: Asking,
  output: Output,
): Promise<number> {
  if (stage === undefined) throw new BadInput('whose clusters? Give --stage');
  const { config, joined } = await readStage({ stage, region }, asking);
  const clusters = [
    ...config.clusters.map((cluster) => ({ ...cluster, by: 'config', queueUrl: config.queueUrl })),
    ...joined().map((cluster) => ({ ...cluster, by: 'its own stack' })),
  ].map(({ name, by, policy, ours = [], ranges = [], queueUrl }) => ({
    ...{ name, by, policy: policy.name },
    ...{ ranges: ranges.map(rangeText), ours: ours.map(rangeText), queueUrl },
  }));
  output.result({ stage, clusters });
  output.table(
    ['CLUSTER', 'SERVED BY', 'POLICY', 'RANGES', 'OURS', 'QUEUE'],
    clusters.map(({ name, by, policy, ranges, ours, queueUrl }) => {
      const bound = ranges.length === 0 ? 'any' : ranges.join(', ');
      const mine = ours.join(', ') || 'the ledger alone';
      return [name, by, policy, bound, mine, queueUrl.split('/').at(-1) ?? ''];
    }),
  );
  return clusters.length === 0 ? EXIT.nothing : EXIT.ok;
}

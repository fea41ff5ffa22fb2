import type { Look } from '../access/access.ts';
import type { Output, Tone } from '../output.ts';
import { COLUMNS, wrap } from '../wrap.ts';

type Of = Pick<Look, 'access' | 'config' | 'stage' | 'joined'>;

interface PolicyLine {
  readonly text: string;
  readonly tone?: Tone;
}

/**
 * What the policy of a cluster lets the functions do, and how to change it.
 *
 * @returns `undefined` without a stage, because nobody says what the policy is then.
 */
export function policyLine({ access, config, stage, joined }: Of): PolicyLine | undefined {
  if (config === undefined) return undefined;
  const { name } = access.policy;
  if (name === 'sync') return { text: name };
  if (name === 'upsert-only') return { text: `${name}: nothing is released` };
  const where = joined === undefined ? `policy: sync in config/${stage}.yml` : 'Policy=sync';
  const text = `${name}: nothing is assigned or released. To change that, set ${where}, and deploy`;
  return { text, tone: 'bad' };
}

/** Begins an answer with the policy, unless the functions do all that follows from the answer. */
export function printPolicy(output: Output, look: Of & Pick<Look, 'stop'>): void {
  if (look.stop !== undefined || look.access.policy.name === 'sync') return;
  const line = policyLine(look);
  if (line === undefined) return;
  const text = `The policy of ${look.access.cluster} is ${line.text}.`;
  for (const each of wrap(text, COLUMNS)) output.line(each, line.tone);
  output.line('');
}

import { parseNetworks } from '../../shared/claims/net-attach-def.ts';
import type { Clock } from '../../shared/time/clock.ts';
import { type Look, unlessRefused } from '../access/access.ts';
import { EXIT } from '../exit-code.ts';
import { BadInput } from '../failure.ts';
import { count, type Output } from '../output.ts';
import { partly } from '../view/partial.ts';
import { labelled } from '../wrap.ts';
import type { Check, CheckSubject, Finding } from './check.ts';
import { CHECKS } from './checks/index.ts';
import { definitionsIn } from './manifests.ts';
import { readSubject } from './subject.ts';

type Named = Pick<Check, 'code' | 'name'>;
interface Found extends Named, Pick<Check, 'reason' | 'fix' | 'source'> {
  readonly findings: readonly Finding[];
}
/** A check that could not be made. */
interface NotChecked extends Named {
  readonly why: string;
}

/**
 * What is set up wrongly in a cluster?
 *
 * @param pre before anything of ours is installed.
 * @returns the exit code: 4 if a check found something.
 * @throws Failed if the cluster or EC2 cannot be read.
 */
export async function doctorCommand(
  look: Look,
  pre: boolean,
  { clock }: { readonly clock: Clock },
  output: Output,
): Promise<number> {
  const { cluster } = look.access;
  const subject = await unlessRefused(cluster, () => readSubject(look, pre, clock, output));
  const asked = CHECKS.filter(({ asks }) => !pre || asks !== 'installed');
  return partly(tell(cluster, asked, subject, output), subject.view?.missing ?? [], output);
}

/**
 * What is wrong in manifests, without a cluster?
 *
 * @returns the exit code: 4 if a check found something.
 *
 * @throws BadInput if a file cannot be read, or has no NetworkAttachmentDefinition.
 */
export async function lintCommand(
  paths: readonly string[],
  { clock }: { readonly clock: Clock },
  output: Output,
): Promise<number> {
  const definitions = await definitionsIn(paths);
  if (definitions.length === 0) {
    throw new BadInput(`${paths.join(', ')}: no NetworkAttachmentDefinition is in there`);
  }
  const { networks, unreadable } = parseNetworks(definitions);
  const asked = CHECKS.filter(({ asks }) => asks === 'manifests');
  const subject = { definitions, networks, unreadable, now: clock.now() };
  return tell(count(definitions.length, 'definition'), asked, subject, output);
}

function tell(
  what: string,
  asked: readonly Check[],
  subject: CheckSubject,
  output: Output,
): number {
  const found: Found[] = [];
  const notChecked: NotChecked[] = [];
  for (const { find, asks: _, ...check } of asked) {
    const findings = find(subject);
    const { code, name } = check;
    if ('unasked' in findings) notChecked.push({ code, name, why: findings.unasked });
    else if (findings.length > 0) found.push({ ...check, findings });
  }
  output.result({ about: what, asked: asked.map(({ code }) => code), found, notChecked });
  for (const each of found) tellFound(each, output);
  tellNotChecked(notChecked, output);
  const checks = count(asked.length - notChecked.length, 'check');
  if (found.length === 0) output.line(`${what}: ${checks}, and nothing is wrong.`, 'good');
  else output.line(`${what}: ${checks}, of which ${found.length} found something.`, 'bad');
  return found.length === 0 ? EXIT.ok : EXIT.found;
}

function tellFound({ code, name, reason, fix, findings }: Found, output: Output): void {
  output.line(`${code} ${name}`, 'bad');
  for (const { text } of findings) {
    for (const line of labelled('-', text, 2, 2)) output.line(line);
  }
  for (const line of labelled('why', reason, 2, 5)) output.line(line);
  for (const line of labelled('fix', fix, 2, 5)) output.line(line);
  output.line('');
}

/** Checks that could not be made for the same reason share a line. */
function tellNotChecked(notChecked: readonly NotChecked[], output: Output): void {
  if (notChecked.length === 0) return;
  output.line('not checked');
  for (const [why, checks] of Map.groupBy(notChecked, (each) => each.why)) {
    const names = checks.map(({ code, name }) => `${code} ${name}`).join(', ');
    for (const line of labelled('-', `${names}: ${why}`, 2, 2)) output.line(line);
  }
  output.line('');
}

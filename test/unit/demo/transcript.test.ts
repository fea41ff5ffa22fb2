import { readFileSync } from 'node:fs';
import { CreateTagsCommand, DeleteTagsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { expect, test, vi } from 'vitest';
import { keptDemo } from '../../support/kept-demo.ts';
import { operate, tooWide } from '../cli/operator-bed.ts';

/*
 * docs/operator.md shows what the program prints, in front of the demo that is kept. What
 * differs from one run to the next (ids, MACs, times) is taken for the same, and so is where a line
 * is broken.
 */

const DIFFERENT: readonly (readonly [RegExp, string])[] = [
  [/eni-[0-9a-f]{17}/g, 'eni-…'],
  [/subnet-[0-9a-f]{17}/g, 'subnet-…'],
  [/\bi-[0-9a-f]{17}/g, 'i-…'],
  [/([0-9a-f]{2}:){5}[0-9a-f]{2}/g, 'MAC'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME'],
  [/\d+ (s|min|h) ago/g, 'AGO'],
  [/(multus-eni-)?forwarder-\S+/g, 'forwarder-…'],
  [/\d+ messages? waiting, \d+ in flight/g, 'SOME waiting'],
  // A tombstone goes after two minutes.
  [/\d+ entries in \d+ ledgers/g, 'SOME entries'],
  [/\s+/g, ' '],
  // One a minute, and the first finds what the demo did by hand.
  [/sweep AGO: [\w, ]+ queue/g, 'sweep AGO: … queue'],
];

function same(text: string): string {
  const plain = DIFFERENT.reduce((so, [pattern, by]) => so.replaceAll(pattern, by), text);
  return plain.trim();
}

/** What the page shows below a command: up to the next one, or the end of the block. */
function shown(command: string): string {
  const page = readFileSync('docs/operator.md', 'utf8');
  const [, after] = page.split(`\n$ ${command}\n`);
  if (after === undefined) throw new Error(`docs/operator.md does not show ${command}`);
  return after.split(/\n(?:```|\$ )/)[0] ?? '';
}

test('the page for operators shows what the program prints in front of the kept demo', async () => {
  const { environment } = await keptDemo();
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const { KUBECONFIG } = environment;
  const run = async (line: string) => {
    const { stdout, stderr } = await operate(line.split(' '), { environment: { KUBECONFIG } });
    expect({ line, stderr }).toEqual({ line, stderr: '' });
    return stdout;
  };
  const compare = async (line: string, as = line) => {
    const stdout = await run(line);
    expect(tooWide(stdout)).toEqual([]);
    if (process.env.SHOW) console.log(`$ multus-eni ${as}\n${stdout}`);
    else expect(same(shown(`multus-eni ${as}`))).toBe(same(stdout));
    return stdout;
  };
  await compare('status --stage demo');
  for (const queues of ['--stage demo', '--stage demo --cluster demo']) {
    expect(await run(`replay list ${queues}`)).toContain('empty');
  }
  await compare('explain pod default/sampleapp --stage demo');
  const pods = ['default/sampleapp', 'default/sampleapp-2'];
  for (const pod of pods) {
    const { calls } = JSON.parse(await run(`explain pod ${pod} --stage demo --json`));
    expect({ pod, calls }).toEqual({ pod, calls: 7 });
  }
  await compare('explain ip 172.16.1.200 --stage demo');
  const drift = await compare('drift --stage demo');

  const [eni = ''] = /eni-[0-9a-f]{17}(?=: claimed by nobody)/.exec(drift) ?? [];
  const ec2 = new EC2Client();
  const tag = { Key: 'node.k8s.amazonaws.com/no_manage' };
  await ec2.send(new DeleteTagsCommand({ Resources: [eni], Tags: [tag] }));
  await compare('doctor --stage demo');
  const Tags = [{ ...tag, Value: 'true' }];
  await ec2.send(new CreateTagsCommand({ Resources: [eni], Tags }));
  await compare('doctor --stage demo', 'doctor --stage demo # again');
});

test('the page fits a terminal where it shows one', () => {
  const page = readFileSync('docs/operator.md', 'utf8');
  const blocks = [...page.matchAll(/^```console\n(.*?)^```/gms)].map(([, text = '']) => text);
  expect(blocks.length).toBeGreaterThan(0);
  expect(tooWide(blocks.join('\n'))).toEqual([]);
});

import { writeFile } from 'node:fs/promises';
import { describe, expect, test, vi } from 'vitest';
import { configureStage } from '../../../sandbox/world.ts';
import { VERSION } from '../../../shared/version.ts';
import type { Ended } from '../../support/ended.ts';
import { type OperatorBed, operate, operatorBed, tooWide } from './operator-bed.ts';

/** No stack trace, no object, and one line that says what to do. */
function isHelpful({ stderr, stdout }: Ended, says: string | RegExp): void {
  const text = stderr.replaceAll(/\s+/g, ' ');
  if (typeof says === 'string') expect(text).toContain(says);
  else expect(text).toMatch(says);
  expect(stderr + stdout).not.toMatch(/\n\s+at |node:internal|\[object|undefined/);
}

const COMMANDS = ['explain pod a', 'explain ip 172.16.1.70', 'explain eni eni-1', 'explain node n'];

test.each([
  ['', 'Usage: multus-eni'],
  ['explian', "unknown command 'explian' (Did you mean explain?)"],
  ['explain', 'Usage: multus-eni explain'],
  ['explain pods a', "unknown command 'pods'"],
  ['explain pod', "missing required argument 'pod'"],
  ['explain ip', "missing required argument 'address'"],
  ['explain eni', "missing required argument 'eni'"],
  ['explain node', "missing required argument 'node'"],
  ['explain pod a b', 'too many arguments'],
  ['drift --all', "unknown option '--all'"],
  ['drift --fail-on', "option '--fail-on <kinds>' argument missing"],
  ['status --stage', "option '--stage <stage>' argument missing"],
  ['status --region', "option '--region <region>' argument missing"],
  ['status now', 'too many arguments'],
  ['replay lits', "unknown command 'lits'"],
  ['replay list --all', "unknown option '--all'"],
  ['replay list', 'Give --stage, or --queue-url'],
])('the arguments `%s` are refused with what is wrong with them', async (line, says) => {
  const ended = await operate(line.split(' ').filter(Boolean));
  expect(ended.code).toBe(2);
  isHelpful(ended, says);
});

test('--version prints the version of this product', async () => {
  expect(await operate(['--version'])).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: '' });
});

test.each([...COMMANDS, 'drift', 'status', 'map', 'tail', 'doctor', 'bundle', 'probe --network n'])(
  '`%s` says which cluster it needs to know',
  async (line) => {
    const ended = await operate(line.split(' '), { environment: { HOME: '/nonexistent' } });
    expect(ended.code).toBe(2);
    isHelpful(ended, 'which cluster? Give --cluster, --stage or --kubeconfig');
  },
);

interface Case {
  readonly args: string;
  readonly code: number;
  readonly says: string | RegExp;
  readonly before?: (bed: OperatorBed) => Promise<unknown> | unknown;
  /** Through EKS, without a kubeconfig. */
  readonly eks?: true;
}

const refusing =
  (action: string, code: string) =>
  ({ bed }: OperatorBed) =>
    bed.world.ec2.faults.add({ action, times: 100, effect: { kind: 'error', code } });
const env = (name: string, value: string) => () => void vi.stubEnv(name, value);

const CASES: readonly Case[] = [
  { args: 'explain pod a/b/c', code: 2, says: 'a/b/c is no pod: give NAMESPACE/NAME' },
  { args: 'explain pod /b', code: 2, says: '/b is no pod: give NAMESPACE/NAME' },
  { args: 'explain pod gone', code: 2, says: 'has no pod default/gone: see kubectl get pods -A' },
  {
    args: 'explain pod app',
    code: 2,
    says: 'has no pod default/app: there is other/app',
    async before({ cluster, workers }) {
      await cluster.addNamespace('other');
      await cluster.runPod('app', { namespace: 'other', on: { name: workers[0]?.name ?? '' } });
    },
  },
  { args: 'explain ip eth1', code: 2, says: 'eth1 is no address, such as 172.16.1.70' },
  { args: 'explain ip 172.16.1.0/24', code: 2, says: '172.16.1.0/24 is no address' },
  { args: 'explain eni eni-0', code: 2, says: /has the ENI eni-0: check the id, --cluster and/ },
  { args: 'explain node n', code: 2, says: /has no node n: it has ip-/ },
  {
    args: 'explain node fargate',
    code: 2,
    says: 'node fargate is no EC2 instance',
    before: ({ cluster }) => cluster.addNode('fargate', 'aws:///us-east-1a/fargate-1/abc'),
  },
  {
    args: 'explain node new',
    code: 2,
    says: 'node new has no ENIs and no pods of ours, or no instance of its own',
    before: ({ cluster }) => cluster.addNode('new', ''),
  },
  { args: 'drift --fail-on lost', code: 2, says: '--fail-on lost: there is no such kind' },
  {
    args: 'drift --stage prod',
    code: 2,
    says: 'stage prod has no parameter /multus-eni-reconciler/prod/settings in this account',
  },
  {
    args: 'status --stage prod',
    code: 2,
    says: 'check --stage and --region, deploy it again if it is an older one, or give --cluster',
  },
  {
    args: 'explain pod a --stage demo --cluster other',
    code: 2,
    says: 'stage demo has no cluster other: it has demo',
  },
  {
    args: 'explain pod a --stage demo',
    code: 2,
    says: 'stage demo has several clusters: give --cluster, one of demo, two',
    before: ({ bed }) =>
      configureStage(bed.world, {
        ...bed.world.environment,
        CLUSTERS: '[{"name":"demo"},{"name":"two"}]',
      }),
  },
  {
    args: 'drift --stage demo',
    code: 1,
    says: 'environment variable CLUSTERS at 0.policy: Invalid option',
    before: ({ bed }) =>
      configureStage(bed.world, {
        ...bed.world.environment,
        CLUSTERS: '[{"name":"demo","policy":"never"}]',
      }),
  },
  { args: 'drift --kubeconfig /none', code: 2, says: 'kubeconfig /none: ENOENT' },
  {
    args: 'drift --context prod',
    code: 2,
    says: 'no context prod: it has sandbox. Give --context',
  },
  {
    args: 'drift --cluster prod',
    code: 2,
    eks: true,
    says: 'EKS has no cluster prod in us-east-1',
  },
  {
    args: 'drift --cluster demo',
    code: 1,
    eks: true,
    says: 'AWS does not know these credentials',
    before: env('AWS_ACCESS_KEY_ID', 'AKIAUNKNOWN'),
  },
  {
    args: 'drift --cluster demo',
    code: 1,
    eks: true,
    says: 'no credentials were found: set AWS_PROFILE, or sign in',
    before() {
      vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined);
    },
  },
  {
    args: 'drift',
    code: 2,
    says: 'give --region, or set AWS_REGION',
    before: () => void vi.stubEnv('AWS_REGION', undefined),
  },
  {
    args: 'drift',
    code: 1,
    says: /your credentials have ended: sign in again/,
    before: refusing('DescribeNetworkInterfaces', 'RequestExpired'),
  },
  {
    args: 'drift',
    code: 1,
    says: 'your role lacks this permission',
    before: refusing('DescribeNetworkInterfaces', 'UnauthorizedOperation'),
  },
  {
    args: 'explain node NODE',
    code: 1,
    says: 'your role lacks this permission',
    before: refusing('DescribeSubnets', 'UnauthorizedOperation'),
  },
  {
    args: 'drift',
    code: 1,
    says: 'check the region and your network',
    before: env('AWS_ENDPOINT_URL_EC2', 'http://127.0.0.1:1'),
  },
  {
    args: 'drift',
    code: 1,
    says: 'the API server failed: tried again later',
    before: ({ bed }) => bed.world.cluster.kubernetes.faults.goDown('error'),
  },
  {
    args: 'explain pod a',
    code: 1,
    says: 'the API server does not accept the token',
    before: async ({ kubeconfig, bed }) =>
      writeFile(
        kubeconfig,
        bed.world.cluster.kubernetes.kubeconfig().replace(/"token": "[^"]*"/, '"token": "wrong"'),
      ),
  },
  {
    args: 'status --queue-url http://127.0.0.1:1/1/none.fifo',
    code: 2,
    says: 'check the URL of the queue and the region',
  },
];

test.each(CASES)('`$args` ends with $code and says "$says"', async (each) => {
  const bed = await operatorBed(each.eks ? 0 : 1);
  await each.before?.(bed);
  const [worker] = bed.workers;
  const args = each.args
    .replace('NODE', worker?.name ?? '')
    .replace('ENI', worker?.eth1 ?? '')
    .split(' ');
  const environment = each.eks ? { HOME: '/nonexistent' } : undefined;
  const ended = await bed.operate(args, environment ? { environment } : {});
  expect({ args, code: ended.code, stderr: ended.stderr }).toMatchObject({ code: each.code });
  isHelpful(ended, each.says);
  const json = await bed.operate([...args, '--json'], environment ? { environment } : {});
  expect(Object.keys(JSON.parse(json.stdout))).toEqual(['error']);
});

describe('if a part is refused, the rest is told, and what is not known', () => {
  test.each([
    ['explain node NODE', 'eth1'],
    ['explain eni ENI', 'MAC'],
    ['drift', '2 nodes'],
    ['doctor --pre', 'checks'],
  ])('%s, without the instance types', async (line, shows) => {
    const bed = await operatorBed(2);
    refusing('DescribeInstanceTypes', 'UnauthorizedOperation')(bed);
    const [worker] = bed.workers;
    const args = line.replace('NODE', worker?.name ?? '').replace('ENI', worker?.eth1 ?? '');
    const ended = await bed.operate(args.split(' '));
    expect(ended).toMatchObject({ code: 1, stdout: expect.stringContaining(shows) });
    isHelpful(ended, 'not known: how many addresses an ENI takes. could not look at cluster');
    isHelpful(ended, 'your role lacks this permission');
  });

  test('drift, without the networks', async () => {
    const bed = await operatorBed(1);
    const { faults } = bed.bed.world.cluster.kubernetes;
    faults.failNext(100, ({ resource }) => resource === 'network-attachment-definitions', 403);
    const { code, stdout } = await bed.operate(['drift', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      clusters: [{ nodes: 1 }],
      missing: [expect.stringContaining('not known: the NetworkAttachmentDefinitions')],
    });
  });
});

test('of two clusters the one that can be read is told, and why the other cannot', async () => {
  const { bed, operate: run } = await operatorBed(0, { clusters: ['demo', 'other'] });
  bed.world.clusters.get('other')?.kubernetes.faults.goDown('error');
  const environment = { HOME: '/nonexistent' };
  const ended = await run(['drift', '--stage', 'demo'], { environment });
  expect(ended).toMatchObject({ code: 1, stdout: expect.stringContaining('demo: 0 nodes') });
  isHelpful(ended, /cluster other: .*the API server failed: tried again later/);
});

test('there are fifty wrong usages at least', () => {
  expect(17 + 11 + CASES.length).toBeGreaterThanOrEqual(50);
});

test.each([
  ['--help'],
  ['explain', '--help'],
  ['explain', 'pod', '--help'],
  ['drift', '--help'],
  ['status', '--help'],
  ['map', '--help'],
  ['tail', '--help'],
  ['probe', '--help'],
  ['replay', '--help'],
])('the help of %s %s fits a terminal, and tells the exit codes', async (...args) => {
  const { code, stdout } = await operate(args);
  expect(code).toBe(0);
  expect(tooWide(stdout)).toEqual([]);
  expect(stdout).toContain('Exit codes:');
});

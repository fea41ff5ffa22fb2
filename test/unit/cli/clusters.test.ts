import { expect, test } from 'vitest';
import { configureStage } from '../../../sandbox/world.ts';
import { operatorBed } from './operator-bed.ts';

const PATH = '/multus-eni-reconciler/demo/clusters/';

/** A stage with a cluster of its configuration, and others that joined. */
async function joinedStage() {
  const operator = await operatorBed(0, { clusters: ['demo', 'edge'] });
  const { world } = operator.bed;
  configureStage(world, {
    ...world.environment,
    CLUSTERS: '[{"name":"demo","ranges":["172.16.1.0/24"],"ours":["172.16.1.16/28"]}]',
    SETTINGS_PATH: PATH,
  });
  const queueUrl = world.sqs.createQueue('edge.fifo', { FifoQueue: 'true' }).url;
  const joins = (name: string, settings: object = {}) =>
    world.ssm.putParameter(`${PATH}${name}`, JSON.stringify({ queueUrl, ...settings }));
  const run = (line: string) =>
    operator.operate(line.split(' '), { environment: { HOME: '/nonexistent' } });
  const listsNone = () =>
    configureStage(world, {
      ...world.environment,
      CLUSTERS: '[]',
      SETTINGS_PATH: PATH,
    });
  return { joins, run, listsNone };
}

test('clusters lists those of the configuration, and those that joined', async () => {
  const { joins, run } = await joinedStage();
  for (let index = 0; index < 12; index += 1) joins(`edge-${index}`, { policy: 'dry-run' });
  const { code, stdout } = await run('clusters --stage demo');
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^demo +config +sync +172\.16\.1\.0-172\.16\.1\.255 +172\.16\.1\.16-172\.16\.1\.31 /m,
  );
  expect(
    stdout.match(/^edge-\d+ +its own stack +dry-run +any +the ledger alone +edge\.fifo$/gm),
  ).toHaveLength(12);
});

test('a cluster that joined by itself is looked at by its name', async () => {
  const { joins, run } = await joinedStage();
  expect((await run('drift --stage demo --cluster edge')).stderr).toContain('has no cluster edge');
  joins('edge', { ranges: '172.16.3.0/24' });
  const drift = await run('drift --stage demo --cluster edge');
  expect(drift).toMatchObject({ code: 0, stdout: expect.stringContaining('edge: 0 nodes') });
  const { stdout } = await run('status --stage demo --cluster edge');
  expect(stdout).toContain('0 messages waiting');
});

test('if the configuration lists none, a stage’s clusters are those that joined', async () => {
  const { joins, run, listsNone } = await joinedStage();
  listsNone();
  expect((await run('drift --stage demo')).stdout).toBe('');
  expect((await run('doctor --stage demo')).stderr).toContain('stage demo has no cluster');
  joins('edge');
  expect((await run('drift --stage demo')).stdout).toContain('edge: 0 nodes');
  expect((await run('doctor --stage demo')).stderr).not.toContain('has no cluster');
  joins('demo');
  expect((await run('drift --stage demo')).stdout).toMatch(/demo: 0 nodes(.|\n)*edge: 0 nodes/);
  expect((await run('doctor --stage demo')).stderr).toContain('one of demo, edge');
});

test('settings that are wrong, and a stage that is not given, are told', async () => {
  const { joins, run } = await joinedStage();
  joins('edge', { policy: 'never' });
  const wrong = await run('clusters --stage demo');
  expect(wrong).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('cluster edge are wrong'),
  });
  expect((await run('clusters')).stderr).toContain('whose clusters? Give --stage');
});

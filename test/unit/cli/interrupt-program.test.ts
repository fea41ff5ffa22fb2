import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../support/wait.ts';
import { type OperatorBed, operatorBed } from './operator-bed.ts';

const MAIN = new URL('../../../cli/main.ts', import.meta.url).pathname;

/** The program, on the sandbox. */
function start({ bed, kubeconfig }: OperatorBed, args: readonly string[]) {
  const { PATH, NODE_OPTIONS } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH, NODE_OPTIONS, ...bed.world.environment, KUBECONFIG: kubeconfig },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (said += text));
  }
  return {
    said: () => said,
    interrupt: () => void child.kill('SIGINT'),
    ended: once(child, 'close').then(([code, signal]) => code ?? signal),
  };
}

test.each([
  ['map --no-open', 'SIGINT'],
  ['tail', 'SIGINT'],
  ['probe --network default/net', 'SIGINT'],
  ['status --watch', 130],
])('Ctrl-C ends %s at once while the cluster does not answer: %s', async (args, code) => {
  const operator = await operatorBed(1);
  const { kubernetes } = operator.bed.world.cluster;
  kubernetes.faults.goDown('hang');
  kubernetes.forgetCalls();
  const program = start(operator, args.split(' '));
  await eventually(() => kubernetes.calls).not.toEqual([]);
  program.interrupt();
  expect(await program.ended).toBe(code);
  expect(program.said()).not.toContain('no answer');
});

test('Ctrl-C ends tail at once while the cluster does not answer any more', async () => {
  const operator = await operatorBed(1);
  const { kubernetes } = operator.bed.world.cluster;
  const program = start(operator, ['tail']);
  await eventually(program.said).toContain('until Ctrl-C:');
  kubernetes.faults.goDown('hang');
  kubernetes.forgetCalls();
  await eventually(() => kubernetes.calls.map(({ resource }) => resource)).toContain('nodes');
  program.interrupt();
  expect(await program.ended).toBe(130);
  expect(program.said()).not.toContain('no answer');
});

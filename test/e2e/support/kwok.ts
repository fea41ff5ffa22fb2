import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { RealCluster } from '../cluster/start.ts';
import { kwokStage, program } from '../parts/programs.ts';

const CONFIGURATION = join(import.meta.dirname, 'kwok.yaml');

/**
 * Starts kwok, which plays every node of a cluster and what Multus would do there.
 *
 * @returns what ends it.
 * @throws MissingPart if it was not built yet.
 */
export function startKwok({ adminKubeconfig }: RealCluster): () => Promise<void> {
  const files = [CONFIGURATION, kwokStage('node/fast/node-initialize.yaml')];
  const command = [
    program('kwok'),
    `--kubeconfig=${adminKubeconfig}`,
    '--v=ERROR',
    '--manage-all-nodes',
    '--node-lease-duration-seconds=40',
    ...files.map((file) => `--config=${file}`),
  ];
  // It ends with this program, also if that is killed.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...command], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  // It complains of every pod that went before its turn came: of interest only if it ends.
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
  });
  const ended = once(child, 'exit');
  child.once('exit', (code) => {
    if (code !== null) console.error(`kwok ended (${code}): ${said}`);
  });
  return async () => {
    child.kill('SIGKILL');
    await ended;
  };
}

import { execFile } from 'node:child_process';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { packCli } from '../../../scripts/release/cli.ts';
import type { RealCluster } from '../cluster/start.ts';
import { program } from '../parts/programs.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const LONGEST_MS = 60_000;

/** `kubectl multus-eni`, as it is released. */
export interface KubectlPlugin {
  /** @returns the exit code, what was answered, and that with what was told beside it, such as progress. */
  run(
    args: readonly string[],
  ): Promise<{ readonly code: number; readonly stdout: string; readonly text: string }>;
  remove(): Promise<void>;
}

/**
 * Packs the command line and has kubectl find it.
 *
 * @param environment of AWS; the cluster is reached as its administrator.
 */
export async function installPlugin(
  { adminKubeconfig }: RealCluster,
  environment: Readonly<Record<string, string>>,
): Promise<KubectlPlugin> {
  const folder = await mkdtemp(join(tmpdir(), 'plugin-'));
  const tarball = await packCli(ROOT, folder);
  await promisify(execFile)('tar', ['-C', folder, '-xzf', tarball]);
  // A dash of the plugin's name is an underscore of the file's (kubectl plugin --help).
  await rename(join(folder, 'package/multus-eni.js'), join(folder, 'kubectl-multus_eni'));
  const env = {
    ...environment,
    HOME: folder,
    KUBECONFIG: adminKubeconfig,
    PATH: `${folder}:${process.env.PATH}`,
  };
  return {
    run: (args) =>
      new Promise((done) => {
        const options = { env, timeout: LONGEST_MS };
        execFile(program('kubectl'), ['multus-eni', ...args], options, (error, stdout, stderr) => {
          const code = error === null ? 0 : Number(error.code ?? -1);
          done({ code, stdout, text: stdout + stderr });
        });
      }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

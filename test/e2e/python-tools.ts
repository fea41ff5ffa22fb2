import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Somebody else's EC2, CloudFormation and so on, and somebody else's eye on templates. */
const PACKAGES = ['moto[server]==5.2.5', 'cfn-lint==1.58.0'];

const run = promisify(execFile);

/** The folder of the installed programs, in the cache of this project. */
function folderOf(packages: readonly string[]): string {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const version = createHash('sha256').update(packages.join('\n')).digest('hex').slice(0, 12);
  return join(cache, 'multus-eni-reconciler', `python-${version}`);
}

/**
 * Installs the Python programs that the end-to-end tests need, once.
 *
 * @returns the path of each of them.
 * @throws an Error that says what is missing, how to get it and what would have run.
 */
export async function pythonTools(): Promise<(program: string) => string> {
  const folder = folderOf(PACKAGES);
  const pathOf = (program: string): string => join(folder, 'bin', program);
  if (await exists(join(folder, 'installed'))) return pathOf;
  const install = ['-m', 'pip', 'install', '--quiet', ...PACKAGES];
  console.log(`Installing ${PACKAGES.join(', ')} into ${folder} (about a minute) …`);
  try {
    // Not made elsewhere and moved: a venv's programs name its folder.
    await run('python3', ['-m', 'venv', '--clear', folder]);
    await run(pathOf('python'), install);
    await writeFile(join(folder, 'installed'), PACKAGES.join('\n'));
  } catch (error) {
    throw new Error(
      `Python 3 with venv and pip is needed for ${PACKAGES.join(' and ')} ` +
        '(Debian: apt-get install python3-venv). Nothing was tested. It would have run: ' +
        `python3 -m venv ${folder} && ${folder}/bin/python ${install.join(' ')}`,
      { cause: error },
    );
  }
  return pathOf;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

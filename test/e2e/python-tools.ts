import { dirname, join } from 'node:path';
import { getMoto } from './parts/moto.ts';
import { pythonObstacles } from './parts/preconditions.ts';

/**
 * Programs that somebody else wrote, from Python packages: `moto_server`, `aws`, `cfn-lint`, which moto
 * needs itself, and `shellcheck`.
 * Installed on first use.
 *
 * @returns the path of each of them.
 * @throws an Error that says what is missing and how to get it.
 */
export async function pythonTools(): Promise<(program: string) => string> {
  const obstacles = await pythonObstacles();
  if (obstacles.length > 0) {
    const missing = obstacles.map(({ what, remedy }) => `${what}: ${remedy}`).join('; ');
    throw new Error(`no deployment was tested. ${missing}`);
  }
  const { server } = await getMoto((line) => console.log(line));
  return (program) => join(dirname(server), program);
}

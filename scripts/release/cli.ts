import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { thirdPartyLicenses } from '../licenses.ts';
import { bundleCli } from './cli-file.ts';

const manifest = z.object({
  version: z.string(),
  license: z.string(),
  engines: z.object({ node: z.string() }),
});
const packed = z.tuple([z.object({ filename: z.string() })]);

const NAME = 'multus-eni-reconciler-cli';
const PROGRAM = 'multus-eni';
/** As kubectl finds the plugin of `kubectl multus-eni`: a dash of its name is an underscore of the file's. */
const PLUGIN = 'kubectl-multus_eni';
export const FILE = 'multus-eni.js';

const README = `# ${PROGRAM}

Says why a Multus pod on EKS has no address, who has one, what every node drifts in, and what is set up
wrongly; shows a map of nodes, ENIs and addresses; shows the dead-letter queue of multus-eni-reconciler and sends it again. \`${PROGRAM} --help\`
lists the commands. As \`${PLUGIN}\` in the PATH it is \`kubectl multus-eni\`.
`;

/**
 * Makes an npm tarball of the operator's command: one bundled file, which needs no other package.
 *
 * @param root the folder of the repository.
 * @param folder where the tarball is written; it has to exist.
 * @returns the path of the tarball.
 * @throws esbuild's BuildFailure, and an Error if npm fails.
 */
export async function packCli(root: string, folder: string): Promise<string> {
  const { version, license, engines } = manifest.parse(
    JSON.parse(await readFile(join(root, 'package.json'), 'utf8')),
  );
  const stage = await mkdtemp(join(tmpdir(), 'cli-'));
  try {
    await bundleCli(root, join(stage, FILE));
    await cp(join(root, 'LICENSE'), join(stage, 'LICENSE'));
    await writeFile(join(stage, 'THIRD-PARTY-LICENSES'), await thirdPartyLicenses(root));
    await writeFile(join(stage, 'README.md'), README);
    const described = {
      name: NAME,
      version,
      description: 'Shows what ENIs of EKS workers have and what Multus pods claim',
      license,
      type: 'commonjs',
      engines,
      bin: { [PROGRAM]: FILE, [PLUGIN]: FILE },
      files: [FILE, 'THIRD-PARTY-LICENSES'],
    };
    await writeFile(join(stage, 'package.json'), `${JSON.stringify(described, undefined, 2)}\n`);
    const args = ['pack', '--json', '--pack-destination', resolve(folder)];
    const { stdout } = await promisify(execFile)('npm', args, { cwd: stage });
    const [{ filename }] = packed.parse(JSON.parse(stdout));
    return join(folder, filename);
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

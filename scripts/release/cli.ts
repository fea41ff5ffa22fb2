import { execFile } from 'node:child_process';
import { chmod, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import * as z from 'zod';
import { thirdPartyLicenses } from '../licenses.ts';

const manifest = z.object({
  version: z.string(),
  license: z.string(),
  engines: z.object({ node: z.string() }),
});
const packed = z.tuple([z.object({ filename: z.string() })]);

const NAME = 'multus-eni-reconciler-cli';
const PROGRAM = 'multus-eni-replay';

const README = `# ${PROGRAM}

Shows what is in the dead-letter queue of multus-eni-reconciler, sends it again, and asks for a look
at a node or at a cluster. \`${PROGRAM} --help\` lists the commands.
`;

/** The bundle is an ES module, and some of the packages in it are CommonJS, which calls \`require\`. */
const BANNER = `#!/usr/bin/env node
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);`;

/**
 * Makes an npm tarball of the operator's command: one bundled file, which needs no other package.
 *
 * @param root the folder of the repository.
 * @param folder where the tarball is written; it has to exist.
 * @returns the path of the tarball.
 * @throws esbuild's BuildFailure, and an Error where npm fails.
 */
export async function packCli(root: string, folder: string): Promise<string> {
  const { version, license, engines } = manifest.parse(
    JSON.parse(await readFile(join(root, 'package.json'), 'utf8')),
  );
  const stage = await mkdtemp(join(tmpdir(), 'cli-'));
  try {
    await bundle(root, join(stage, 'replay.js'));
    await cp(join(root, 'LICENSE'), join(stage, 'LICENSE'));
    await writeFile(join(stage, 'THIRD-PARTY-LICENSES'), await thirdPartyLicenses(root));
    await writeFile(join(stage, 'README.md'), README);
    const described = {
      name: NAME,
      version,
      description: 'Replays messages of multus-eni-reconciler',
      license,
      type: 'module',
      engines,
      bin: { [PROGRAM]: 'replay.js' },
      files: ['replay.js', 'THIRD-PARTY-LICENSES'],
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

async function bundle(root: string, outfile: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: [join(root, 'cli/replay/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    banner: { js: BANNER },
    legalComments: 'none',
    logLevel: 'warning',
  });
  await chmod(outfile, 0o755);
}

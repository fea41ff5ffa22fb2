import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import * as z from 'zod';
import { FILE } from './cli.ts';

const manifest = z.object({ version: z.string() });

/**
 * The manifest by which Krew installs the command line as `kubectl multus-eni`
 * (https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/).
 *
 * @param tarball what `packCli` made.
 * @param uri where it can be downloaded.
 */
export async function krewManifest(root: string, tarball: string, uri: string): Promise<string> {
  const { version } = manifest.parse(
    JSON.parse(await readFile(join(root, 'package.json'), 'utf8')),
  );
  const sha256 = createHash('sha256')
    .update(await readFile(tarball))
    .digest('hex');
  const platforms = ['linux', 'darwin'].map((os) => ({
    selector: { matchLabels: { os } },
    uri,
    sha256,
    // npm packs everything into this folder.
    files: ['*.js', 'LICENSE', 'THIRD-PARTY-LICENSES'].map((name) => {
      return { from: `package/${name}`, to: '.' };
    }),
    bin: FILE,
  }));
  return stringify({
    apiVersion: 'krew.googlecontainertools.github.com/v1alpha2',
    kind: 'Plugin',
    metadata: { name: 'multus-eni' },
    spec: {
      version: `v${version}`,
      shortDescription: 'Why a Multus pod on EKS has no address',
      description:
        'Says what the ENIs of EKS workers have, what Multus pods claim, and why they differ.\n',
      caveats: 'Needs Node 24 or later in the PATH, and credentials for AWS.\n',
      platforms,
    },
  });
}

import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument } from 'yaml';

/**
 * Copies the chart for packaging, with the image that the release pushes as its default. What was in
 * `folder` is removed.
 *
 * @param root the folder of the repository.
 * @param repository the image without a tag.
 * @param digest of the image that was pushed: a tag can be moved.
 * @throws an Error if that is no digest.
 */
export async function stageChart(
  root: string,
  folder: string,
  { repository, digest }: { readonly repository: string; readonly digest: string },
): Promise<void> {
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) {
    throw new Error(`--digest: ${digest || 'nothing'} is no digest of the image that was pushed`);
  }
  await rm(folder, { recursive: true, force: true });
  await cp(join(root, 'deploy/chart'), folder, { recursive: true });
  await cp(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  const path = join(folder, 'values.yaml');
  const values = parseDocument(await readFile(path, 'utf8'));
  values.setIn(['image', 'repository'], repository);
  values.setIn(['image', 'digest'], digest);
  await writeFile(path, values.toString({ lineWidth: 0 }));
}

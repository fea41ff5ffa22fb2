import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument } from 'yaml';

/**
 * Copies the chart for packaging, with the image that the release pushes as its default. What was in
 * `folder` is removed.
 *
 * @param root the folder of the repository.
 * @param repository the image without a tag; the chart's appVersion is the default tag.
 */
export async function stageChart(root: string, folder: string, repository: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await cp(join(root, 'deploy/chart'), folder, { recursive: true });
  await cp(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  const path = join(folder, 'values.yaml');
  const values = parseDocument(await readFile(path, 'utf8'));
  values.setIn(['image', 'repository'], repository);
  await writeFile(path, values.toString({ lineWidth: 0 }));
}

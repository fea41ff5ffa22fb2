import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { IMAGE } from '../../../scripts/image/description.ts';
import { stageImage } from '../../../scripts/image/stage.ts';
import { makeOnce } from '../parts/cache.ts';
import { makeLayer, writeDockerArchive } from '../parts/docker-archive.ts';
import { baseLayer } from './base-layer.ts';

/** Of an own domain: nothing is ever pulled from it. */
export const PRODUCT_IMAGE = `multus-eni-reconciler.local/${IMAGE.name}:0.1.0`;

/** As the base image of the Dockerfile has it. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Writes an archive of the image that the Dockerfile makes, without a container engine: the same
 * files, user, working directory, entry point and command.
 *
 * @param environment what the image is to say beyond it: where the tests' AWS is, which charts do
 *   not tell.
 */
export async function writeProductImage(
  target: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeDockerArchive(target, [
    {
      tag: PRODUCT_IMAGE,
      config: {
        User: IMAGE.user,
        WorkingDir: IMAGE.workingDirectory,
        Entrypoint: IMAGE.entrypoint,
        Cmd: IMAGE.command,
        Env: [`PATH=${PATH}`, ...Object.entries(environment).map((entry) => entry.join('='))],
      },
      layers: [await baseLayer(), await productLayer()],
    },
  ]);
}

/** The product's own files as a layer, made once in a run of the tests. @returns its path. */
async function productLayer(): Promise<string> {
  const layer = join(inject('productFolder'), 'layer.tar');
  await makeOnce(layer, async (partial) => {
    const files = await mkdtemp(join(tmpdir(), 'product-image-'));
    try {
      await stageImage(files);
      await makeLayer(files, partial);
    } finally {
      await rm(files, { recursive: true, force: true });
    }
  });
  return layer;
}

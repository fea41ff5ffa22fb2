import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IMAGE } from '../../../scripts/image/description.ts';
import { stageImage } from '../../../scripts/image/stage.ts';
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
 * @param productLayer the path of what `makeProductLayer` made.
 * @param environment what the image is to say beyond it: where the tests' AWS is, which charts do
 *   not tell.
 */
export async function writeProductImage(
  target: string,
  productLayer: string,
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
      layers: [await baseLayer(), productLayer],
    },
  ]);
}

/** Writes the product's own files as a layer. */
export async function makeProductLayer(target: string): Promise<void> {
  const files = await mkdtemp(join(tmpdir(), 'product-image-'));
  try {
    await stageImage(files);
    await makeLayer(files, target);
  } finally {
    await rm(files, { recursive: true, force: true });
  }
}

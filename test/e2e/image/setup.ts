import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { makeImageStore } from '../cluster/image-store.ts';
import { EXPOSED_ADDRESS } from '../cluster/network.ts';
import { imagesArchive } from '../parts/images.ts';
import { nodeObstacles } from '../parts/preconditions.ts';
import { AWS_PORTS } from './aws-ports.ts';
import { makeProductLayer, writeProductImage } from './product-image.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The path of the product's own files as a layer of its image. */
    productLayer: string;
    /** What nodes with the product's image begin with. */
    imageStore: string;
  }
}

/** Makes, once in a run, what several tests need of the product's image. @returns what ends it. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const resources = new AsyncDisposableStack();
  const tearDown = () => resources.disposeAsync();
  if ((await nodeObstacles()).length > 0) return tearDown;
  try {
    const folder = resources.adopt(await mkdtemp(join(tmpdir(), 'product-')), (path) =>
      rm(path, { recursive: true, force: true }),
    );
    const layer = join(folder, 'layer.tar');
    await makeProductLayer(layer);
    project.provide('productLayer', layer);
    const archive = join(folder, 'image.tar');
    await writeProductImage(archive, layer, {
      AWS_ENDPOINT_URL_EC2: `http://${EXPOSED_ADDRESS}:${AWS_PORTS.ec2}`,
      AWS_ENDPOINT_URL_SQS: `http://${EXPOSED_ADDRESS}:${AWS_PORTS.sqs}`,
    });
    const made = await makeImageStore([imagesArchive(), archive]);
    const store = resources.adopt(made, ({ remove }) => remove());
    project.provide('imageStore', store.path);
  } catch (error) {
    await tearDown();
    throw error;
  }
  return tearDown;
}

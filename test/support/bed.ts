import { startWorld, type World, type WorldOptions } from '../../sandbox/world.ts';
import {
  type ForwardedCluster,
  type Product,
  type ProductOptions,
  startProduct,
} from './product.ts';

export type BedOptions = WorldOptions & ProductOptions;

/** The whole product on the sandbox. */
export interface Bed extends Omit<Product, 'startForwarder'> {
  readonly world: World;
  /** Starts a forwarder of a cluster, the first one by default. */
  startForwarder(cluster?: ForwardedCluster): ReturnType<Product['startForwarder']>;
}

export async function startBed(options: BedOptions = {}): Promise<Bed> {
  const world = await startWorld(options);
  const product = startProduct(world, options);
  return {
    ...product,
    world,
    startForwarder: (cluster = world.cluster) => product.startForwarder(cluster),
    async stop() {
      await product.stop();
      await world.stop();
    },
  };
}

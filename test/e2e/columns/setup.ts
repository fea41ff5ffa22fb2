import type { TestProject } from 'vitest/node';
import { startMoto } from '../moto.ts';
import { pythonTools } from '../python-tools.ts';
import { givenPlanes, type Plane, startPlanes } from './planes.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The control planes that the scenarios share. */
    planes: readonly Plane[];
    /** The URL of moto. */
    moto: string;
  }
}

/** Starts what all scenarios of a run share. @returns what ends it. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const column = process.env.COLUMN ?? 'embedded';
  const stops: (() => Promise<void>)[] = [];
  const tearDown = async (): Promise<void> => {
    for (const stop of stops.toReversed()) await stop();
  };
  try {
    if (column !== 'embedded') {
      const { planes, stop } = givenPlanes() ?? (await startPlanes());
      stops.push(stop);
      project.provide('planes', planes);
    }
    if (column.endsWith('+moto')) {
      const moto = await startMoto((await pythonTools())('moto_server'));
      stops.push(moto.stop);
      project.provide('moto', moto.endpoint);
    }
  } catch (error) {
    await tearDown();
    throw error;
  }
  return tearDown;
}

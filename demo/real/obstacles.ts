import { missingPrograms } from '../../test/e2e/parts/go-parts.ts';
import { hasImages } from '../../test/e2e/parts/images.ts';
import { nodeObstacles } from '../../test/e2e/parts/preconditions.ts';
import { CONTROL_PLANE_GROUPS, givenPrograms, NODE_GROUPS } from '../../test/e2e/parts/programs.ts';

/** This machine can't have a cluster of real parts. */
export class MissingForReal extends Error {
  override readonly name = 'MissingForReal';

  constructor(missing: readonly string[]) {
    super(missing.map((line) => `Missing for --real: ${line}`).join('\n'));
  }
}

/** @throws MissingForReal with what is missing and how to get it. */
export async function checkForReal(): Promise<void> {
  const ofMachine = (await nodeObstacles()).map(({ what, remedy }) => `${what}; ${remedy}`);
  const given = givenPrograms();
  const unbuilt = [...CONTROL_PLANE_GROUPS, ...NODE_GROUPS].flatMap((group) =>
    missingPrograms(group, given),
  );
  const parts = [...unbuilt, ...(hasImages() ? [] : ['the images of the pods'])];
  const ofParts =
    parts.length === 0 ? [] : [`not built yet: ${parts.join(', ')}; npm run e2e:parts gets them`];
  const missing = [...ofMachine, ...ofParts];
  if (missing.length > 0) throw new MissingForReal(missing);
}

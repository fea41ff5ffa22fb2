import { mkdir, symlink } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clusterCommands } from '../unit/deploy/walkthrough.ts';
import { nodeObstacles } from './parts/preconditions.ts';
import { program } from './parts/programs.ts';
import { type InClusterBed, startInClusterBed } from './support/in-cluster-bed.ts';
import { type Shell, startShell } from './support/shell.ts';

const obstacles = await nodeObstacles();

/** Columns are as wide as what is in them. */
function oneSpaced(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ');
}

/** What the text shows, `…` standing for anything. */
function asPattern(seen: string): RegExp {
  const literal = oneSpaced(seen).split('…').map(RegExp.escape);
  return new RegExp(`^${literal.map((part) => part.replaceAll('\\x20', '\\s*')).join('.*')}$`, 's');
}

/* The commands of docs/walkthrough.md, in the order and in the one shell that it tells of. */
describe.skipIf(obstacles.length > 0)('the walkthrough, on real nodes', () => {
  let real: InClusterBed;
  let shell: Shell;
  /** The first command that did not do what the text says: those after it may wait for it without an end. */
  let failed: string | undefined;
  beforeAll(async () => {
    real = await startInClusterBed();
    // The functions that its text deploys.
    real.startDelivery();
    const bin = join(real.folder, 'bin');
    await mkdir(bin);
    await symlink(program('kubectl'), join(bin, 'kubectl'));
    shell = startShell(real.folder, {
      PATH: `${bin}${delimiter}${process.env.PATH}`,
      KUBECONFIG: real.cluster.adminKubeconfig,
      HOME: real.folder,
    });
  });
  afterAll(async () => {
    shell?.stop();
    await real?.stop();
  });

  test.each(clusterCommands())('$command', async ({ command, seen }) => {
    if (failed !== undefined) throw new Error(`not run, as this failed: ${failed}`);
    failed = command;
    const { output, status } = await shell.run(command);
    expect(status, output).toBe(0);
    expect(oneSpaced(output)).toMatch(asPattern(seen));
    failed = undefined;
  });

  test('leaves nothing on any ENI', () => {
    for (const node of real.nodes) {
      expect([...real.addressesOn(node, 1), ...real.addressesOn(node, 2)]).toEqual([]);
    }
  });
});

import { afterAll, describe, expect, test } from 'vitest';
import { patience } from '../support/machine.ts';
import type { Race } from './harness/races.ts';
import { type Cell, calmRun, type Kind, strike } from './matrix.ts';
import { addRaces, matrixText, racesText } from './report.ts';
import { type MakeWorkload, WORKLOADS } from './workloads/index.ts';

/** Thousands of runs, each a few ms; much less than this on a machine that does nothing else. */
const TIMEOUT_MS = 600_000;

/** Declares a test for each workload, and prints what they came to. */
export function testMatrix(
  title: string,
  kinds: readonly Kind[],
  workloads: readonly MakeWorkload[] = WORKLOADS,
): void {
  describe(title, () => {
    const cells: Cell[] = [];
    const races = new Map<Race, number>();
    const begun = performance.now();
    test.each(workloads.map((make) => ({ make, name: make().name })))(
      '$name',
      { timeout: patience(TIMEOUT_MS) },
      async ({ make }) => {
        const calm = await calmRun(make);
        for (const kind of kinds) {
          const cell = await strike(make, calm, kind);
          cells.push(cell);
          addRaces(races, cell.races);
          expect(cell.points).toBeGreaterThan(0);
          expect(cell.failures.slice(0, 3), 'replay with: node test/faults/replay.ts').toEqual([]);
        }
      },
    );
    afterAll(() => {
      console.log(`${matrixText(cells, performance.now() - begun)}\n${racesText(races)}`);
    });
  });
}

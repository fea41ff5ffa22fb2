import fc from 'fast-check';
import { cpuSlowness } from '../support/machine.ts';
import { checkPrototypes, checkResult } from './result.ts';

/** A reader of something from outside, with what it is fed. */
export interface FuzzTarget {
  readonly name: string;
  /**
   * Feeds it `inputs` inputs.
   *
   * @param limitMs how much CPU time one input may take on an idle machine, in milliseconds; absent:
   *   it is not measured.
   * @returns what went wrong and with which input, or `undefined`.
   */
  feed(inputs: number, seed: number, limitMs?: number): Promise<string | undefined>;
}

interface TargetSpec<T> {
  readonly name: string;
  readonly inputs: fc.Arbitrary<T>;
  /** Reads one input, and checks what only it knows about the result. */
  readonly read: (input: T) => unknown;
  /** The exceptions that its documentation names; none by default. */
  readonly mayThrow?: (error: unknown) => boolean;
}

/** For how long a smaller input is looked for that fails too. */
const SHRINKING_MS = 5000;

export function fuzzTarget<T>(spec: TargetSpec<T>): FuzzTarget {
  return {
    name: spec.name,
    async feed(inputs, seed, limitMs) {
      const property = fc.asyncProperty(spec.inputs, async (input) => {
        const spentMs = await tryOut(spec, input);
        // Once more: the first time may have paid for a collection of garbage or a compilation.
        if (limitMs === undefined || spentMs <= limitMs) return;
        const slow = cpuSlowness();
        const again = [await tryOut(spec, input), await tryOut(spec, input)];
        const least = Math.min(...again);
        if (least <= limitMs * Math.max(slow, cpuSlowness())) return;
        throw new TooSlow(`takes ${least} ms of CPU time`);
      });
      const found = await fc.check(property, { seed, numRuns: inputs, endOnFailure: true });
      if (!found.failed) return undefined;
      // To look for a smaller one that is slow too would itself take long.
      if (found.errorInstance instanceof TooSlow) return describe(found);
      const shrunk = await fc.check(property, {
        seed,
        numRuns: inputs,
        interruptAfterTimeLimit: SHRINKING_MS,
      });
      return describe(shrunk.failed ? shrunk : found);
    },
  };
}

class TooSlow extends Error {
  override readonly name = 'TooSlow';
}

function describe<T>({ errorInstance, counterexample }: fc.RunDetails<T>): string {
  const cause = errorInstance instanceof Error ? errorInstance.message : 'it fails';
  return `${cause}; input: ${cut(fc.stringify(counterexample))}`;
}

/** @returns the CPU time that reading took, in milliseconds. */
async function tryOut<T>({ read, mayThrow }: TargetSpec<T>, input: T): Promise<number> {
  const before = process.threadCpuUsage();
  let result: unknown;
  try {
    result = await read(input);
  } catch (error) {
    if (mayThrow?.(error) !== true) throw error;
  }
  const { user, system } = process.threadCpuUsage(before);
  checkPrototypes();
  checkResult(result);
  return (user + system) / 1000;
}

const MAX_SHOWN = 2000;

function cut(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

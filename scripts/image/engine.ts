import { spawnSync } from 'node:child_process';

/** In the order in which they are looked for. All of them take `build` with the same options. */
const ENGINES = ['docker', 'podman', 'finch', 'nerdctl'] as const;

/** A container engine that cannot be used; says what was tried. */
export class NoEngine extends Error {
  override readonly name = 'NoEngine';
}

/**
 * The first container engine that answers. A client without its daemon is none.
 *
 * @throws NoEngine with what each of them said.
 */
export function findEngine(): string {
  const said = ENGINES.map((engine) => {
    const { status, stderr, error } = spawnSync(engine, ['info'], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    if (status === 0) return { engine };
    return { engine: undefined, line: `${engine}: ${error?.message ?? lastLine(stderr)}` };
  });
  const found = said.find(({ engine }) => engine !== undefined)?.engine;
  if (found !== undefined) return found;
  throw new NoEngine(said.map(({ line }) => line).join('\n'));
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

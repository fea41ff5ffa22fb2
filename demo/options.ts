import { parseArgs } from 'node:util';

export interface Options {
  /** One JSON object in the place of the task list. */
  readonly json: boolean;
  /** All that runs goes on until SIGTERM or Ctrl-C. */
  readonly keep: boolean;
  /** On a Kubernetes of real parts, its nodes included. */
  readonly real: boolean;
}

const USAGE = `Usage: npm run demo [-- options]

Plays the walkthrough's scenario on this machine, step by step, each of which verifies itself.

  --json  print one JSON object in the place of the task list
  --keep  leave all of it running until Ctrl-C, with a map, and say what to point kubectl and aws at
  --real  play on a real control plane and two real nodes (as root on Linux, after npm run e2e:parts)
  --help  print this
`;

/** What was asked for: to play, or to be told something. */
export type Asked =
  | { readonly kind: 'play'; readonly options: Options }
  | { readonly kind: 'text'; readonly text: string; readonly exitCode: 0 | 2 };

export function readOptions(args: readonly string[]): Asked {
  const flag = { type: 'boolean', default: false } as const;
  try {
    const options = { json: flag, keep: flag, real: flag, help: flag };
    const { values } = parseArgs({ args: [...args], options });
    const { help, ...asked } = values;
    return help ? { kind: 'text', text: USAGE, exitCode: 0 } : { kind: 'play', options: asked };
  } catch (error) {
    const [said] = (error instanceof Error ? error.message : String(error)).split('. ');
    return { kind: 'text', text: `${said}.\n\n${USAGE}`, exitCode: 2 };
  }
}

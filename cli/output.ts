import Table from 'cli-table3';
import type { Clock } from '../shared/time/clock.ts';

/** Where text goes. */
export interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

export type Tone = 'good' | 'bad';

/** What a command tells: to people as lines and tables, to a script as one JSON object. */
export interface Output {
  /** For people; with `--json` nothing. A tone is a colour, on a terminal alone. */
  line(text: string, tone?: Tone): void;
  table(head: readonly string[], rows: readonly (readonly string[])[]): void;
  /** The one object for a script; without `--json` nothing. */
  result(value: object): void;
  /** Something that is not as the operator wants it; never on stdout. */
  warn(text: string): void;
  /** Empties the screen of a terminal, and does nothing to another output. */
  clear(): void;
  /** How far long work has come; never on stdout. */
  progress(text: string): void;
}

/** A log that is no terminal gets a line of progress this often, ms. */
const PROGRESS_MS = 2_000;
/** A cell is cut at this many characters; `--json` has all of it. */
const LONGEST_CELL = 200;
/** SGR: green and red. */
const COLOURS: Readonly<Record<Tone, string>> = { good: '\u001b[32m', bad: '\u001b[31m' };
const PLAIN = '\u001b[0m';
/** ED and CUP: an empty screen, and its first place. */
const CLEAR_SCREEN = '\u001b[2J\u001b[H';
const CLEAR_LINE = '\r\u001b[K';

export function outputTo(options: {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly json: boolean;
  readonly clock: Clock;
  /** False: none, also on a terminal (https://no-color.org). */
  readonly colour?: boolean;
}): Output {
  const { stdout, stderr, json, clock } = options;
  let toldAt = clock.now();
  let open = false;
  const clear = (): void => {
    if (open) stderr.write(CLEAR_LINE);
    open = false;
  };
  const write = (sink: Sink, text: string): void => {
    clear();
    sink.write(`${text}\n`);
  };
  const coloured = (text: string, tone: Tone | undefined): string =>
    tone === undefined || stdout.isTTY !== true || options.colour === false
      ? text
      : `${COLOURS[tone]}${text}${PLAIN}`;
  return {
    line: (text, tone) => json || write(stdout, coloured(printable(text), tone)),
    table: (head, rows) => json || write(stdout, tableOf(head, rows)),
    result: (value) => json && write(stdout, jsonText(value)),
    clear: () => stdout.isTTY === true && !json && void stdout.write(CLEAR_SCREEN),
    warn: (text) => write(stderr, printable(text)),
    progress(text) {
      if (stderr.isTTY === true) {
        stderr.write(`${CLEAR_LINE}${printable(text)}`);
        open = true;
      } else if (clock.now() - toldAt >= PROGRESS_MS) {
        toldAt = clock.now();
        write(stderr, printable(text));
      }
    },
  };
}

/**
 * What others wrote, without control characters and without what changes the direction of reading.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}

/**
 * JSON for a person's terminal as well as for a script: what steers a terminal or turns the direction of
 * reading is escaped, and reads as the same text.
 */
export function jsonText(value: unknown): string {
  // JSON itself escapes line breaks within texts: those that are left are its own.
  return JSON.stringify(value, undefined, 2).replace(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (text) =>
    text
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const none = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left'];
  const borders = [...none, 'bottom-right', 'left', 'left-mid', 'mid', 'mid-mid', 'right'];
  const table = new Table({
    head: [...head],
    chars: {
      ...Object.fromEntries([...borders, 'right-mid'].map((name) => [name, ''])),
      middle: '  ',
    },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...rows.map((row) => row.map(cell)));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function cell(text: string): string {
  const shown = printable(text);
  return shown.length > LONGEST_CELL ? `${shown.slice(0, LONGEST_CELL - 1)}…` : shown;
}

/** `1 message`, `2 messages`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

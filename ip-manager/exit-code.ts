/** How the program ends; `--help` and docs/ip-manager.md say the same. */
export const EXIT = {
  done: 0,
  /** In a way that nobody foresaw. */
  failed: 1,
  badInput: 2,
  noInstanceMetadata: 3,
  noPermission: 4,
  /** An address cannot be assigned as things are: waiting would not help. */
  notAssigned: 5,
  timeIsUp: 6,
  /** As a shell reports a program that SIGTERM ended. */
  ended: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Why the program ends, in one line that says what to do about it. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, reason: string, options?: ErrorOptions) {
    super(reason.replace(/\s+/g, ' ').trim(), options);
    this.exitCode = exitCode;
  }
}

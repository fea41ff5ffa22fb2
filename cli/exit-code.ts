/** How a command ends; `--help` and docs/replay.md say the same. */
export const EXIT = {
  ok: 0,
  /** AWS or the cluster refused something, or could not be reached; or what was sent came back. */
  failed: 1,
  /** The arguments, or what they name, are wrong: nothing was done for those. */
  badInput: 2,
  /** There was nothing to do. */
  nothing: 3,
  /** As a shell reports a program that Ctrl-C ended. */
  interrupted: 130,
} as const;

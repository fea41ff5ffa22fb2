/** How a command ends; `--help`, docs/operator.md and docs/replay.md say the same. */
export const EXIT = {
  ok: 0,
  /** AWS or the cluster refused something, or could not be reached; or what was sent came back. */
  failed: 1,
  /** The arguments, or what they name, are wrong: nothing was done for those. */
  badInput: 2,
  /** There was nothing to do. */
  nothing: 3,
  /** What was looked at is not as it should be: an address that a pod lacks, drift, a failed check. */
  found: 4,
  /** As a shell reports a program that Ctrl-C ended. */
  interrupted: 130,
} as const;

/** A check cannot be made here; the message says why, and what would make it possible. */
export class NotMadeError extends Error {
  override readonly name = 'NotMadeError';
}

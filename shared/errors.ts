/**
 * The codes of the functions' own errors. A refused address is none: it is a problem that its pod
 * is told of. docs/reference/errors.md says of each code what to do.
 */
export const ERROR_CODES = [
  'access-denied',
  'answer-too-long',
  'api-refusal',
  'cluster-not-found',
  'cluster-not-ready',
  'control-unread',
  'deadline',
  'eni-not-seen',
  'expired-receipt',
  'instance-changes',
  'malformed-object',
  'node-missing',
  'stale-state',
  'stopped',
  'unsettled',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** An error that is known by a code, which stays the same while its text may change. Logs carry it. */
export abstract class CodedError extends Error {
  abstract readonly errorCode: ErrorCode;
}

/** The code of an error that has one. */
export function errorCodeOf(error: unknown): ErrorCode | undefined {
  return error instanceof CodedError ? error.errorCode : undefined;
}

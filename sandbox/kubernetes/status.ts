import { qualifiedName, type Resource } from './resources.ts';

/** The Status object that the API server answers with where it does not do what was asked. */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: Record<string, never>;
  readonly status: 'Failure' | 'Success';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly code: number;
}

/** A refusal; the handler answers with `status`. */
export class StatusError extends Error {
  readonly status: Status;

  constructor(code: number, reason: string, message: string, details?: Status['details']) {
    super(message);
    this.name = 'StatusError';
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason,
      ...(details === undefined ? {} : { details }),
      code,
    };
  }
}

function subject(resource: Resource, name: string): { text: string; details: Status['details'] } {
  return {
    text: `${qualifiedName(resource)} ${JSON.stringify(name)}`,
    details: { name, group: resource.group, kind: resource.name },
  };
}

export function notFound(resource: Resource, name: string): StatusError {
  const { text, details } = subject(resource, name);
  return new StatusError(404, 'NotFound', `${text} not found`, details);
}

export function alreadyExists(resource: Resource, name: string): StatusError {
  const { text, details } = subject(resource, name);
  return new StatusError(409, 'AlreadyExists', `${text} already exists`, details);
}

export function conflict(resource: Resource, name: string, why: string): StatusError {
  const { text, details } = subject(resource, name);
  return new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${text}: ${why}`,
    details,
  );
}

export function invalid(resource: Resource, name: string, why: string): StatusError {
  const { details } = subject(resource, name);
  const text = `${resource.kind} ${JSON.stringify(name)} is invalid: ${why}`;
  return new StatusError(422, 'Invalid', text, details);
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}

export function forbidden(message: string, details?: Status['details']): StatusError {
  return new StatusError(403, 'Forbidden', message, details);
}

/** 410: that resourceVersion is no longer kept. */
export function expired(asked: number, oldest: number): StatusError {
  return new StatusError(410, 'Expired', `too old resource version: ${asked} (${oldest})`);
}

/** 504: that resourceVersion has not been reached. */
export function notYet(asked: number, newest: number): StatusError {
  return new StatusError(
    504,
    'Timeout',
    `Timeout: Too large resource version: ${asked}, current: ${newest}`,
    { causes: [{ reason: 'ResourceVersionTooLarge' }] },
  );
}

const REASONS: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** A failure by its HTTP code alone. */
export function failure(code: number, message: string): StatusError {
  return new StatusError(code, REASONS[code] ?? 'InternalError', message);
}

import { qualifiedName, type Resource } from './resources.ts';

/** The Status object that the API server answers with if it refuses a request. */
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

/** How the details of an answer name the group of a resource: not at all for the core group. */
export function groupDetail(resource: Resource): { readonly group?: string } {
  return resource.group === '' ? {} : { group: resource.group };
}

function subject(resource: Resource, name: string): { text: string; details: Status['details'] } {
  return {
    text: `${qualifiedName(resource)} ${JSON.stringify(name)}`,
    details: { name, ...groupDetail(resource), kind: resource.name },
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

/** 409: what is to be deleted is not what `why` says; the kind is told by its name. */
export function notAsExpected(resource: Resource, name: string, why: string): StatusError {
  const { kind, group } = resource;
  const qualified = group === '' ? kind : `${kind}.${group}`;
  const text = `Operation cannot be fulfilled on ${qualified} ${JSON.stringify(name)}: ${why}`;
  return new StatusError(409, 'Conflict', text, { name, ...groupDetail(resource), kind });
}

/** What is wrong with one field, in the words of apimachinery's field.Error. */
export interface FieldProblem {
  readonly field: string;
  readonly reason:
    | 'FieldValueForbidden'
    | 'FieldValueInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueRequired'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'FieldValueTypeInvalid';
  readonly message: string;
}

/** 422: the object cannot be stored like that. */
export function invalid(
  resource: Resource,
  name: string,
  ...problems: readonly [FieldProblem, ...FieldProblem[]]
): StatusError {
  return invalidKind({ ...groupDetail(resource), kind: resource.kind }, name, problems);
}

/** 422: an update has to say which version it is of. The kind is told by its plural. */
export function versionMissing(resource: Resource, name: string): StatusError {
  const problem = {
    field: 'metadata.resourceVersion',
    reason: 'FieldValueInvalid',
    message: 'Invalid value: 0: must be specified for an update',
  } as const;
  return invalidKind({ ...groupDetail(resource), kind: resource.name }, name, [problem]);
}

/** 422: the options of a request, such as `CreateOptions`, cannot be like that. */
export function invalidOptions(kind: string, problem: FieldProblem): StatusError {
  return invalidKind({ group: 'meta.k8s.io', kind }, '', [problem]);
}

function invalidKind(
  { group, kind }: { readonly group?: string; readonly kind: string },
  name: string,
  problems: readonly FieldProblem[],
): StatusError {
  const qualified = group === undefined ? kind : `${kind}.${group}`;
  const told = problems.map(({ field, message }) => `${field}: ${message}`).join(', ');
  const whole = problems.length === 1 ? told : `[${told}]`;
  const text = `${qualified} ${JSON.stringify(name)} is invalid: ${whole}`;
  const details = {
    ...(name === '' ? {} : { name }),
    ...(group === undefined ? {} : { group }),
    kind,
    causes: problems,
  };
  return new StatusError(422, 'Invalid', text, details);
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}

export function forbidden(message: string, details?: Status['details']): StatusError {
  return new StatusError(403, 'Forbidden', message, details);
}

/** 404 for a kind; `notFound` is for an object. */
export function noSuchResource(): StatusError {
  return new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function notAllowed(): StatusError {
  const why = 'the server does not allow this method on the requested resource';
  return new StatusError(405, 'MethodNotAllowed', why, {});
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

import { invalidOptions, type StatusError } from './status.ts';

export interface VersionOptions {
  readonly resourceVersion?: string | undefined;
  readonly resourceVersionMatch?: string | undefined;
  readonly sendInitialEvents?: boolean | undefined;
  readonly continue?: string | undefined;
}

function forbidden(field: string, why: string): StatusError {
  return invalidOptions('ListOptions', {
    field,
    reason: 'FieldValueForbidden',
    message: `Forbidden: ${why}`,
  });
}

function unsupported(match: string, supported: string): StatusError {
  return invalidOptions('ListOptions', {
    field: 'resourceVersionMatch',
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${JSON.stringify(match)}: supported values: ${supported}`,
  });
}

/**
 * Checks which versions a list may ask for
 * (k8s.io/apimachinery pkg/apis/meta/internalversion/validation).
 *
 * @throws StatusError 422
 */
export function checkListOptions(options: VersionOptions): void {
  const { resourceVersion: version = '', resourceVersionMatch: match = '' } = options;
  if (options.sendInitialEvents !== undefined) {
    throw forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list');
  }
  if (match === '') return;
  const field = 'resourceVersionMatch';
  if (version === '')
    throw forbidden(field, `${field} is forbidden unless resourceVersion is provided`);
  if (options.continue !== undefined) throw forbidden(field, `${field} is forbidden for continue`);
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    throw unsupported(match, '"Exact", "NotOlderThan", ""');
  }
  if (match === 'Exact' && version === '0') {
    throw forbidden(field, `${field} "exact" is forbidden for resourceVersion "0"`);
  }
}

/** Checks from which version a watch may begin. @throws StatusError 422 */
export function checkWatchOptions(options: VersionOptions): void {
  const { resourceVersionMatch: match = '', sendInitialEvents } = options;
  const field = 'resourceVersionMatch';
  if (sendInitialEvents === undefined) {
    if (match === '') return;
    throw forbidden(field, `${field} is forbidden for watch unless sendInitialEvents is provided`);
  }
  if (match === '') {
    throw forbidden(field, `sendInitialEvents requires setting ${field} to NotOlderThan`);
  }
  if (match !== 'NotOlderThan') throw unsupported(match, '"NotOlderThan"');
}

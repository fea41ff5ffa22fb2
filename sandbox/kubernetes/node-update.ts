import type { Draft } from './object.ts';
import { resourceNamed } from './resources.ts';
import { invalid } from './status.ts';

/**
 * Checks that an update leaves the instance that a Node names
 * (k8s.io/kubernetes pkg/apis/core/validation/validation.go, ValidateNodeUpdate).
 *
 * @throws StatusError 422
 */
export function checkNodeUpdate(name: string, stored: Draft, next: Draft): void {
  const before = stored.spec?.providerID ?? '';
  if (before === '' || before === next.spec?.providerID) return;
  throw invalid(resourceNamed('nodes'), name, {
    field: 'spec.providerID',
    reason: 'FieldValueForbidden',
    message: 'Forbidden: node updates may not change providerID except from "" to valid',
  });
}

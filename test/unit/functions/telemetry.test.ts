import { expect, test, vi } from 'vitest';
import { lambdaTelemetry } from '../../../functions/telemetry.ts';
import { StalePodsError } from '../../../shared/apply/release.ts';

/** What a function's log says of an error. */
function logged(error: unknown): unknown {
  const telemetry = lambdaTelemetry('reconcile');
  const written = vi.spyOn(telemetry.logger, 'error').mockImplementation(() => undefined);
  telemetry.error('a node is retried', { cluster: 'demo', node: 'node-a' }, error);
  return written.mock.lastCall?.[1];
}

test('an error of ours is logged with its code', () => {
  const error = new StalePodsError('the pod list is 1200 ms old');
  expect(logged(error)).toEqual({ cluster: 'demo', node: 'node-a', code: 'stale-state', error });
});

test('an error of somebody else has none', () => {
  const error = new Error('socket hang up');
  expect(logged(error)).toEqual({ cluster: 'demo', node: 'node-a', error });
});

import type { Finding } from '../check.ts';
import type { Unasked } from '../maybe-known.ts';
import type { StageFacts } from './stage.ts';

/** What follows from what is deployed; without a stage nobody knows what that is. */
export function ofStage(
  stage: StageFacts | undefined,
  then: (facts: StageFacts) => readonly Finding[] | Unasked,
): readonly Finding[] | Unasked {
  return stage === undefined ? { unasked: 'give --stage' } : then(stage);
}

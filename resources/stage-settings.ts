import type { StageSettings } from '../config/schema.ts';
import { type Resources, sub } from './cloudformation.ts';
import { environment } from './environment.ts';
import { stageSettingsName } from './names.ts';

/**
 * What the functions are configured with, once more: beside the settings of the clusters that
 * joined, so that whoever looks at a stage reads both in one call (docs/decisions/0024). Pure.
 */
export function stageSettings(stage: string, settings: StageSettings): Resources {
  const variables = {
    ...environment(stage, settings),
    QUEUE_URL: `\${Queue}`,
    DEAD_LETTER_QUEUE_URL: `\${DeadLetterQueue}`,
  };
  return {
    StageSettings: {
      Type: 'AWS::SSM::Parameter',
      Properties: {
        Name: stageSettingsName(stage),
        Description:
          'What the functions of multus-eni-reconciler are configured with, for multus-eni',
        Type: 'String',
        // A standard parameter has 4 KB, as a function's environment has, but JSON in JSON takes more.
        Tier: 'Intelligent-Tiering',
        Value: sub(JSON.stringify(variables)),
      },
    },
  };
}

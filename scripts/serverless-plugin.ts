import {
  CloudFormationClient,
  type CloudFormationClientConfig,
} from '@aws-sdk/client-cloudformation';
import { EKSClient, type EKSClientConfig } from '@aws-sdk/client-eks';
import { SSMClient } from '@aws-sdk/client-ssm';
import { EXAMPLE_STAGE, readStage } from '../config/read.ts';
import type { StageSettings } from '../config/schema.ts';
import { stackName } from '../resources/names.ts';
import { type Stack, stackOf } from '../resources/stack.ts';
import { writeArtifacts } from './artifacts.ts';
import { checkClusters, checkOwners } from './preflight.ts';
import { protectStack } from './protect-stack.ts';
import { stackOutputs } from './stack-outputs.ts';

/** What is used of osls (docs/guides/plugins in the package `osls`). */
export interface Serverless {
  readonly serviceDir: string;
  /** An error of this class is shown as its message; any other, with its stack. */
  readonly classes: { readonly Error: new (message: string, code: string) => Error };
  getProvider(name: 'aws'): {
    getStage(): string;
    getAwsSdkV3Config(): Promise<EKSClientConfig & CloudFormationClientConfig>;
  };
}

interface Log {
  notice(text: string): void;
}

interface Resolving {
  readonly address?: string;
  resolveVariable(variable: string): Promise<unknown>;
}

/**
 * osls's side of the stack: `${stack:…}` in serverless.yml, made of config/<stage>.yml; bundles
 * before they are packaged; a look at the clusters before they are deployed for.
 */
export function serverlessPlugin(
  serverless: Serverless,
  options: Readonly<Record<string, unknown>>,
  log: Log,
) {
  const failure = (error: unknown): Error =>
    new serverless.classes.Error(
      error instanceof Error ? error.message : String(error),
      'MULTUS_ENI_RECONCILER',
    );
  const settingsOf = (stage: string): StageSettings => {
    const settings = readStage(serverless.serviceDir, stage);
    if (typeof options.region === 'string' && options.region !== settings.region) {
      throw new Error(
        `--region ${options.region} is not the region of config/${stage}.yml, ${settings.region}`,
      );
    }
    return settings;
  };
  const aws = () => serverless.getProvider('aws');
  const bundle = async (): Promise<void> => {
    for (const { name, bundleBytes, zipBytes } of await writeArtifacts(serverless.serviceDir)) {
      log.notice(`${name}: ${kilobytes(bundleBytes)} bundled, ${kilobytes(zipBytes)} zipped`);
    }
  };
  let told = false;
  const resolvePart = async ({ address, resolveVariable }: Resolving) => {
    const stage = String(await resolveVariable('sls:stage'));
    try {
      return { value: partOf(stackOf(stage, settingsOf(stage)), address) };
    } catch (error) {
      // The first one ends the run; osls would list the same mistakes once per variable.
      if (told) return { value: '' };
      told = true;
      throw failure(`\n${error instanceof Error ? error.message : error}`);
    }
  };

  return {
    configurationVariablesSources: { stack: { resolve: resolvePart } },
    hooks: {
      'before:package:createDeploymentArtifacts': bundle,
      'before:invoke:local:invoke': bundle,
      async 'before:deploy:deploy'() {
        const stage = aws().getStage();
        if (stage === EXAMPLE_STAGE) {
          throw failure(
            'config/example.yml is an example: copy it to config/<stage>.yml, name your clusters ' +
              'there and deploy with --stage <stage>',
          );
        }
        const eks = new EKSClient(await aws().getAwsSdkV3Config());
        const ssm = new SSMClient(await aws().getAwsSdkV3Config());
        const settings = settingsOf(stage);
        const problems = [
          ...(await checkClusters(eks, settings)),
          ...(await checkOwners(ssm, stage, settings)),
        ];
        if (problems.length > 0) throw failure(`config/${stage}.yml: ${problems.join('\n')}`);
      },
      async 'after:deploy:deploy'() {
        const client = new CloudFormationClient(await aws().getAwsSdkV3Config());
        const stage = aws().getStage();
        await protectStack(client, stackName(stage), settingsOf(stage).deployment);
        const outputs = await stackOutputs(client, stackName(stage));
        for (const [key, value] of outputs) {
          if (/^(AwsAuth|VpcEndpoints)/.test(key)) log.notice(`\n${key}:\n${value}`);
        }
      },
    },
  };
}

/** Follows `template.Outputs` and the like; what is not there is `null` to osls. */
function partOf(stack: Stack, address: string | undefined): unknown {
  let part: unknown = stack;
  for (const key of address?.split('.') ?? []) {
    if (typeof part !== 'object' || part === null) return null;
    part = Object.entries(part).find(([name]) => name === key)?.[1];
  }
  return part ?? null;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(0)} kB`;
}

import { GetParametersByPathCommand, GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod';
import { requestLimits } from '../../shared/aws-calls.ts';
import {
  type Config,
  configFrom,
  type JoinedCluster,
  joinedClusterFrom,
} from '../../shared/config.ts';
import { type Control, controlFrom, controlName } from '../../shared/control.ts';
import { type Asking, countedCalls, LIMITS } from '../aws-clients.ts';
import { BadInput, Failed, trying } from '../failure.ts';

/** What SSM's Parameter Store has of a stage. */
export interface Stage {
  /** As the functions read it themselves. */
  readonly config: Config;
  /** What an operator stopped. */
  readonly control: Control;
  /**
   * The clusters that joined by stacks of their own, in order of their names: all of them, or the
   * one that was asked for.
   *
   * @throws Failed if the settings of one are wrong.
   */
  joined(): JoinedCluster[];
}

interface Place {
  readonly stage: string;
  /** Absent: that of the environment. */
  readonly region: string | undefined;
}

const parameters = z
  .array(z.object({ Name: z.string(), Value: z.string() }))
  .default([])
  .transform((list) => list.map(({ Name, Value }): Parameter => [Name, Value]));
type Parameter = readonly [name: string, value: string];

/**
 * Reads what the functions of a stage are configured with, and clusters that joined it: in one call
 * of SSM for a cluster that is named, else in one for each ten parameters.
 *
 * @param cluster the only one of interest; absent: all.
 * @throws BadInput if there is no such stage; Failed if SSM refuses, or its settings are wrong.
 */
export async function readStage(
  { stage, region, cluster }: Place & { readonly cluster?: string },
  asking: Asking,
): Promise<Stage> {
  const { path, settings, clusters } = namesOf(stage);
  const client = new SSMClient({ region, requestHandler: requestLimits(LIMITS) });
  const ssm = countedCalls(client, asking);
  const found = await trying(`read the settings of stage ${stage}`, () =>
    cluster === undefined
      ? below(ssm, path)
      : named(ssm, [settings, controlName(stage), `${clusters}${cluster}`]),
  );
  const text = new Map(found).get(settings);
  if (text === undefined) {
    throw new BadInput(
      `stage ${stage} has no parameter ${settings} in this account and region: check --stage and --region, deploy it again if it is an older one, or give --cluster`,
    );
  }
  const config = configOf(settings, text, await client.config.region());
  const stopped = controlName(stage);
  const control = orFailed(stopped, () => controlFrom(new Map(found).get(stopped)));
  return { config, control, joined: () => joinedOf(clusters, found) };
}

/**
 * The settings of a cluster that joined by a stack of its own.
 *
 * @returns `undefined` if none joined under that name.
 * @throws Failed if SSM refuses, or the settings are wrong.
 */
export async function readJoined(
  { stage, region, cluster }: Place & { readonly cluster: string },
  asking: Asking,
): Promise<JoinedCluster | undefined> {
  const { clusters } = namesOf(stage);
  const client = new SSMClient({ region, requestHandler: requestLimits(LIMITS) });
  const found = await trying(`read the settings of cluster ${cluster}`, () =>
    named(countedCalls(client, asking), [`${clusters}${cluster}`]),
  );
  return joinedOf(clusters, found)[0];
}

/** As resources/names.ts names them. */
function namesOf(stage: string) {
  const path = `/multus-eni-reconciler/${stage}`;
  return { path, settings: `${path}/settings`, clusters: `${path}/clusters/` };
}

type Ssm = Pick<SSMClient, 'send'>;

/** Those that there are. */
async function named(ssm: Ssm, Names: string[]): Promise<Parameter[]> {
  const { Parameters } = await ssm.send(new GetParametersCommand({ Names }));
  return parameters.parse(Parameters);
}

async function below(ssm: Ssm, Path: string): Promise<Parameter[]> {
  const found: Parameter[] = [];
  let NextToken: string | undefined;
  do {
    const command = new GetParametersByPathCommand({ Path, Recursive: true, NextToken });
    const page = await ssm.send(command);
    found.push(...parameters.parse(page.Parameters));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return found;
}

function configOf(name: string, text: string, AWS_REGION: string): Config {
  return orFailed(name, () => {
    const variables = z.record(z.string(), z.string()).parse(JSON.parse(text));
    return configFrom({ ...variables, AWS_REGION });
  });
}

function joinedOf(path: string, found: readonly Parameter[]): JoinedCluster[] {
  return found
    .filter(([name]) => name.startsWith(path))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, text]) => orFailed(name, () => joinedClusterFrom(name.slice(path.length), text)));
}

function orFailed<T>(name: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new Failed(`${name}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

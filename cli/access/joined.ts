import {
  GetParameterCommand,
  GetParametersByPathCommand,
  ParameterNotFound,
  SSMClient,
} from '@aws-sdk/client-ssm';
import * as z from 'zod';
import { requestLimits } from '../../shared/aws-calls.ts';
import { type Config, type JoinedCluster, joinedClusterFrom } from '../../shared/config.ts';
import { type Asking, countedCalls, LIMITS } from '../aws-clients.ts';
import { Failed, trying } from '../failure.ts';

interface Stage extends Pick<Config, 'settingsPath'> {
  /** Absent: that of the environment. */
  readonly region?: string;
}

const parameter = z.object({ Parameter: z.object({ Value: z.string() }) });
const page = z.object({
  Parameters: z.array(z.object({ Name: z.string(), Value: z.string() })).default([]),
  NextToken: z.string().optional(),
});

/**
 * The settings of a cluster that joined by a stack of its own, as the functions read them.
 *
 * @returns `undefined` where none joined under that name.
 * @throws Failed where SSM refuses, or the settings are wrong.
 */
export async function joinedCluster(
  { settingsPath, region }: Stage,
  name: string,
  asking: Asking,
): Promise<JoinedCluster | undefined> {
  if (settingsPath === undefined) return undefined;
  const command = new GetParameterCommand({ Name: `${settingsPath}${name}` });
  try {
    const answer = await ssm(region, asking).send(command);
    return settingsOf(name, parameter.parse(answer).Parameter.Value);
  } catch (error) {
    if (error instanceof ParameterNotFound) return undefined;
    if (error instanceof Failed) throw error;
    return trying(`read the settings of cluster ${name}`, () => Promise.reject(error));
  }
}

/** The same, by the stage's name alone. */
export function joinedTo(
  stage: string,
  name: string,
  region: string | undefined,
  asking: Asking,
): Promise<JoinedCluster | undefined> {
  const settingsPath = `/multus-eni-reconciler/${stage}/clusters/`;
  return joinedCluster({ settingsPath, region }, name, asking);
}

/** All that joined, in order of their names. Throws as the other. */
export async function joinedClusters(
  { settingsPath: Path, region }: Stage,
  asking: Asking,
): Promise<JoinedCluster[]> {
  if (Path === undefined) return [];
  const client = ssm(region, asking);
  const found: JoinedCluster[] = [];
  let NextToken: string | undefined;
  do {
    const command = new GetParametersByPathCommand({ Path, NextToken });
    const answer = await trying(`list the clusters below ${Path}`, () => client.send(command));
    const { Parameters, NextToken: next } = page.parse(answer);
    for (const { Name, Value } of Parameters) {
      found.push(settingsOf(Name.slice(Path.length), Value));
    }
    NextToken = next;
  } while (NextToken !== undefined);
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function ssm(region: string | undefined, asking: Asking) {
  return countedCalls(new SSMClient({ region, requestHandler: requestLimits(LIMITS) }), asking);
}

function settingsOf(name: string, text: string): JoinedCluster {
  try {
    return joinedClusterFrom(name, text);
  } catch (error) {
    throw new Failed(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

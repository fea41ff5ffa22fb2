import { GetParametersCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod';
import { requestLimits } from '../../shared/aws-calls.ts';
import {
  type Control,
  controlFrom,
  controlName,
  EVERY_CLUSTER,
  type Stop,
} from '../../shared/control.ts';
import type { Clock } from '../../shared/time/clock.ts';
import { countedCalls, LIMITS } from '../aws-clients.ts';
import { EXIT } from '../exit-code.ts';
import { BadInput, Failed, trying } from '../failure.ts';
import type { Output } from '../output.ts';

/** What an operator asks for. */
export interface StopChoice {
  readonly stage?: string;
  /** Absent: every cluster of the stage. */
  readonly cluster?: string;
  readonly region?: string;
  /** Of `stop`: only releases. Of `resume`: what the brake withholds goes too. */
  readonly releases?: boolean;
  readonly why?: string;
}

/** What the brake withholds may go for so long after `resume --releases`: ms. */
const LET_GO_MS = 30 * 60_000;
/** Somebody else writes the parameter too: so often it is tried. */
const TRIES = 5;

/**
 * Stops a stage or one of its clusters: within ten seconds nothing more is written there.
 *
 * @returns the exit code.
 * @throws BadInput without a stage; Failed if SSM refuses.
 */
export async function stopCommand(
  choice: StopChoice,
  clock: Clock,
  output: Output,
): Promise<number> {
  const { cluster = EVERY_CLUSTER, releases, why } = choice;
  const stop: Stop = {
    cluster,
    policy: releases ? 'upsert-only' : 'dry-run',
    since: new Date(clock.now()).toISOString(),
    ...(why !== undefined && { why }),
  };
  const control = await change(choice, clock, ({ stops, ...rest }) => ({
    ...rest,
    stops: [...stops.filter((each) => each.cluster !== cluster), stop],
  }));
  output.result(control);
  output.line(`stopped: ${stopText(stop)}`);
  output.line('It takes effect within 10 s. multus-eni resume ends it.');
  return EXIT.ok;
}

/**
 * Ends a stop; with `releases` also lets go for half an hour what the brake withholds.
 *
 * @returns the exit code: 3 if there was nothing to end.
 * @throws as `stopCommand`; BadInput for `releases` without a cluster.
 */
export async function resumeCommand(
  choice: StopChoice,
  clock: Clock,
  output: Output,
): Promise<number> {
  const { cluster = EVERY_CLUSTER, releases } = choice;
  if (releases && choice.cluster === undefined) {
    throw new BadInput('--releases lets go what was withheld in one cluster: give --cluster');
  }
  const until = new Date(clock.now() + LET_GO_MS).toISOString();
  let ended: readonly Stop[] = [];
  const control = await change(choice, clock, (before) => {
    ended = before.stops.filter((each) => each.cluster === cluster);
    const still = before.releases.filter(
      (each) => each.cluster !== cluster && Date.parse(each.until) > clock.now(),
    );
    return {
      stops: before.stops.filter((each) => each.cluster !== cluster),
      releases: releases ? [...still, { cluster, until }] : still,
    };
  });
  output.result(control);
  for (const stop of ended) output.line(`ended: ${stopText(stop)}`);
  if (releases)
    output.line(`what the brake withholds in ${cluster} may be released until ${until}`);
  for (const stop of control.stops) output.line(`still in force: ${stopText(stop)}`, 'bad');
  if (ended.length === 0 && !releases) {
    output.line('nothing was stopped there');
    return EXIT.nothing;
  }
  output.line('The next sweep looks at every node; multus-eni replay resync does so at once.');
  return EXIT.ok;
}

/** A stop in words. */
export function stopText({ cluster, policy, since, why }: Stop): string {
  const where = cluster === EVERY_CLUSTER ? 'every cluster' : cluster;
  const what = policy === 'dry-run' ? 'nothing is written' : 'nothing is released';
  return `${where} since ${since}: ${what}${why === undefined ? '' : ` (${why})`}`;
}

const found = z.array(z.object({ Value: z.string() })).default([]);

/** Reads the parameter, writes what becomes of it, and sees that this is what is there. */
async function change(
  { stage, region }: StopChoice,
  clock: Clock,
  then: (before: Control) => Control,
): Promise<Control> {
  if (stage === undefined) throw new BadInput('which functions? Give --stage');
  const Name = controlName(stage);
  const ssm = countedCalls(new SSMClient({ region, requestHandler: requestLimits(LIMITS) }), {
    clock,
  });
  const read = async (): Promise<string | undefined> => {
    const { Parameters } = await trying(`read ${Name}`, () =>
      ssm.send(new GetParametersCommand({ Names: [Name] })),
    );
    return found.parse(Parameters)[0]?.Value;
  };
  for (let tried = 0; tried < TRIES; tried += 1) {
    const now = then(parsed(Name, await read()));
    const Value = JSON.stringify(now);
    await trying(`write ${Name}`, () =>
      ssm.send(new PutParameterCommand({ Name, Value, Type: 'String', Overwrite: true })),
    );
    if ((await read()) === Value) return now;
  }
  throw new Failed(`somebody else writes ${Name} all the time: try again`);
}

function parsed(name: string, text: string | undefined): Control {
  try {
    return controlFrom(text);
  } catch (error) {
    throw new Failed(`${name} cannot be read: delete the parameter, and stop again`, {
      cause: error,
    });
  }
}

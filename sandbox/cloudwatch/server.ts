import * as z from 'zod';
import type { Clock } from '../../shared/time/clock.ts';
import { listenOnLoopback } from '../loopback.ts';
import { createSignedServer, type Keys } from '../signed-server.ts';
import { answerQuery, type LogLine } from './insights.ts';
import { type Datum, embeddedMetrics, metricData, metricRequest } from './metrics.ts';

/** An alarm as DescribeAlarms shows it. */
export interface SandboxAlarm {
  readonly name: string;
  readonly state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  readonly reason: string;
}

export interface SandboxCloudWatch {
  /** Serves CloudWatch and CloudWatch Logs. */
  readonly endpoint: string;
  /** Adds a line to a log group; its embedded metrics count. */
  log(group: string, line: string): void;
  setAlarm(alarm: SandboxAlarm): void;
  stop(): Promise<void>;
}

interface State {
  readonly clock: Clock;
  readonly lines: LogLine[];
  readonly data: Datum[];
  readonly alarms: Map<string, SandboxAlarm>;
  readonly queries: Map<string, ReturnType<typeof answerQuery>>;
}

/** A refusal, as AWS JSON protocols say it. */
class Refused extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** How many lines each log group keeps. The demo may run for days. */
const MAX_LINES = 20_000;

/** What an operator reads of CloudWatch, on a loopback port, in its AWS JSON protocols. */
export async function startCloudWatch({
  clock,
  keys,
}: {
  readonly clock: Clock;
  readonly keys?: Keys;
}): Promise<SandboxCloudWatch> {
  const state: State = { clock, lines: [], data: [], alarms: new Map(), queries: new Map() };
  const server = createSignedServer(keys, 'json', (request, response, body) => {
    const target = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
    try {
      const answer = JSON.stringify(operate(state, target, body));
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(answer);
    } catch (error) {
      const code = error instanceof Refused ? error.code : 'InvalidParameterException';
      const message = error instanceof Error ? error.message : String(error);
      const name = error instanceof Error && error.name.endsWith('Exception') ? error.name : code;
      response.writeHead(400).end(JSON.stringify({ __type: name, message }));
    }
  });
  const { port, stop } = await listenOnLoopback(server);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    log(group, line) {
      state.lines.push({ group, at: clock.now(), text: line });
      if (state.lines.length > MAX_LINES) state.lines.shift();
      state.data.push(...embeddedMetrics(json(line)));
      if (state.data.length > MAX_LINES) state.data.splice(0, state.data.length - MAX_LINES);
    },
    setAlarm: (alarm) => void state.alarms.set(alarm.name, alarm),
    stop,
  };
}

const alarmRequest = z.strictObject({
  AlarmNamePrefix: z.string().min(1).default(''),
  AlarmNames: z.array(z.string().min(1)).max(100).optional(),
  StateValue: z.enum(['OK', 'ALARM', 'INSUFFICIENT_DATA']).optional(),
  MaxRecords: z.number().int().min(1).max(100).default(50),
});
const queryRequest = z.strictObject({
  logGroupNames: z.array(z.string()).min(1).max(50),
  startTime: z.number().int(),
  endTime: z.number().int(),
  queryString: z.string().max(10_000),
  limit: z.number().int().max(10_000).optional(),
});
const resultsRequest = z.strictObject({ queryId: z.string() });

function operate(state: State, action: string, body: string): object {
  const input = json(body);
  switch (action) {
    case 'DescribeAlarms':
      return describeAlarms(state, alarmRequest.parse(input));
    case 'GetMetricData':
      return metricData(metricRequest.parse(input), state.data);
    case 'StartQuery':
      return startQuery(state, queryRequest.parse(input));
    case 'GetQueryResults': {
      const results = state.queries.get(resultsRequest.parse(input).queryId);
      if (results === undefined) throw new Refused('ResourceNotFoundException', 'no such query');
      return { status: 'Complete', results };
    }
    default:
      throw new Refused('UnknownOperationException', `no operation ${action}`);
  }
}

function describeAlarms({ alarms }: State, asked: z.infer<typeof alarmRequest>): object {
  const { AlarmNamePrefix: prefix, AlarmNames: names, StateValue: state, MaxRecords } = asked;
  if (prefix !== '' && names !== undefined) {
    throw new Refused('ValidationError', 'AlarmNamePrefix and AlarmNames exclude each other');
  }
  const found = [...alarms.values()].filter(
    (alarm) =>
      alarm.name.startsWith(prefix) &&
      (names?.includes(alarm.name) ?? true) &&
      alarm.state === (state ?? alarm.state),
  );
  return {
    MetricAlarms: found.slice(0, MaxRecords).map((alarm) => {
      return { AlarmName: alarm.name, StateValue: alarm.state, StateReason: alarm.reason };
    }),
  };
}

function startQuery(state: State, asked: z.infer<typeof queryRequest>): object {
  const unknown = asked.logGroupNames.find(
    (name) => !state.lines.some(({ group }) => group === name),
  );
  if (unknown !== undefined) {
    throw new Refused('ResourceNotFoundException', `Log group '${unknown}' does not exist`);
  }
  const queryId = `query-${state.queries.size + 1}`;
  const query = {
    groups: asked.logGroupNames,
    from: asked.startTime * 1000,
    to: asked.endTime * 1000 + 999,
    text: asked.queryString,
  };
  const found = answerQuery(query, state.lines);
  state.queries.set(queryId, found.slice(0, asked.limit ?? 1000));
  return { queryId };
}

function json(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

import { listenOnLoopback } from '../loopback.ts';
import { createSignedServer, type Keys } from '../signed-server.ts';

/** A schedule of EventBridge Scheduler, in the group `default`. */
export interface ScheduleSpec {
  readonly name: string;
  readonly targetArn: string;
  /** What the target is invoked with. */
  readonly input?: string;
  readonly state?: 'ENABLED' | 'DISABLED';
}

/** EventBridge Scheduler on loopback, as far as it is looked at. */
export interface SandboxScheduler {
  readonly endpoint: string;
  /** In the place of the one of that name. */
  setSchedule(schedule: ScheduleSpec): void;
  removeSchedule(name: string): void;
  /** From now on the caller may do nothing. */
  deny(): void;
  stop(): Promise<void>;
}

/** "MaxResults … Maximum value of 100". */
const PAGE_SIZE = 100;

/**
 * https://docs.aws.amazon.com/scheduler/latest/APIReference/API_ListSchedules.html and
 * API_GetSchedule.html
 */
export async function startScheduler({
  keys,
}: {
  readonly keys?: Keys;
} = {}): Promise<SandboxScheduler> {
  const schedules = new Map<string, ScheduleSpec>();
  let isDenied = false;
  const list = (query: URLSearchParams): object => {
    const from = Number(query.get('NextToken') ?? 0);
    const prefix = query.get('NamePrefix') ?? '';
    const found = [...schedules.values()].filter(({ name }) => name.startsWith(prefix));
    const Schedules = found.slice(from, from + PAGE_SIZE).map(({ name, state, targetArn }) => {
      return { Name: name, State: state ?? 'ENABLED', Target: { Arn: targetArn } };
    });
    const next = from + PAGE_SIZE;
    return { Schedules, ...(next < found.length && { NextToken: String(next) }) };
  };
  const get = (name: string): object | undefined => {
    const found = schedules.get(name);
    if (found === undefined) return undefined;
    const { targetArn: Arn, input: Input, state: State = 'ENABLED' } = found;
    const RoleArn = 'arn:aws:iam::111122223333:role/schedule';
    return { Name: name, State, Target: { Arn, Input, RoleArn } };
  };
  const server = createSignedServer(keys, 'json', (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://scheduler');
    const [, name] = /^\/schedules\/([^/]+)$/.exec(pathname) ?? [];
    const isList = pathname === '/schedules';
    const body = isList ? list(searchParams) : name && get(decodeURIComponent(name));
    const type = { 'content-type': 'application/json' };
    if (isDenied) {
      response.writeHead(403, { ...type, 'x-amzn-errortype': 'AccessDeniedException' });
      response.end(JSON.stringify({ Message: 'not authorized to perform: scheduler' }));
    } else if (request.method !== 'GET' || !body) {
      response.writeHead(404, { ...type, 'x-amzn-errortype': 'ResourceNotFoundException' });
      response.end(JSON.stringify({ Message: `Schedule ${name} does not exist.` }));
    } else {
      response.writeHead(200, type).end(JSON.stringify(body));
    }
  });
  const { port, stop } = await listenOnLoopback(server);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    setSchedule: (schedule) => void schedules.set(schedule.name, schedule),
    removeSchedule: (name) => void schedules.delete(name),
    deny() {
      isDenied = true;
    },
    stop,
  };
}

import type { StageSettings } from '../../config/schema.ts';
import { type Contents, contentsOfAccount, contentsOfCluster } from './contents.ts';
import { emitted } from './emitted.ts';
import { PRICES, type Priced } from './prices.ts';

const HOURS = 730;
const GIGA = 1_000_000_000;

/**
 * While a queue is empty, Lambda polls it by five connections (AWS Lambda Developer Guide, "Using Lambda
 * with Amazon SQS": it begins with five batches at a time), each with the longest wait, 20 s.
 */
const POLLS_AN_HOUR = 5 * (3_600 / 20);
const HEARTBEATS_AN_HOUR = 60;
/** A message is sent, received and deleted. */
const REQUESTS = { heartbeat: 3, reconcile: 4 } as const;
/** In a burst a node's calls take up to three writes: with the bookings that came too late (docs/decisions/0029). */
const BOOKINGS = 3;
/**
 * Bytes in the log of an invocation: Lambda's own lines in JSON (START and REPORT), the metrics in the
 * embedded format, and the summary; with the 26 bytes that CloudWatch Logs adds to each line. Held
 * against the product by test/unit/scripts/cost.test.ts.
 */
export const LOG_BYTES = { lambda: 750, heartbeat: 450, sweep: 1_000, reconcile: 1_500 } as const;
/** SQS asks the key again after five minutes (Amazon SQS Developer Guide, "Key management"). */
const KEY_REUSE_AN_HOUR = 12;
/** Forwarder, `reconcile` and `sweep` send, for which SQS calls the key twice; Lambda receives. */
const KEY_CALLS = 2 * 3 + 1;

/** What is not in a template, and differs between users. */
export interface Assumptions {
  /** Clusters that joined by a stack of their own, beside those that the stage lists. */
  readonly joined: number;
  /** Hours of the month in which pods of a cluster come and go. */
  readonly busyHours: number;
  /** Nodes of a cluster that are reconciled in a month. */
  readonly reconciles: number;
  readonly sweepSeconds: number;
  readonly reconcileSeconds: number;
  readonly heartbeatSeconds: number;
}

export interface Line {
  readonly what: string;
  readonly price: Priced;
  /** How many units in a month. */
  readonly quantity: number;
  /** In a month. */
  readonly dollars: number;
}

export interface Cost {
  /** Dollars a month. */
  readonly total: number;
  readonly lines: readonly Line[];
}

/** What a stage with its clusters costs in a month, by list prices. Pure but for `serverless.yml`. */
export function costOf(stage: string, settings: StageSettings, given: Assumptions): Cost {
  const account = contentsOfAccount(stage, settings);
  const cluster = contentsOfCluster();
  const clusters = settings.clusters.length + given.joined;
  const inAll = (key: keyof Contents): number => account[key] + given.joined * cluster[key];
  const use = {
    clusters,
    heartbeats: clusters * HEARTBEATS_AN_HOUR * HOURS,
    sweeps: inAll('sweepsAnHour') * HOURS,
    reconciles: clusters * given.reconciles,
  };
  const lines = [
    line('alarms', 'alarmMetric', inAll('alarmMetrics')),
    line('dashboard', 'dashboard', inAll('dashboards')),
    ...metrics(use, given),
    line('polling of queues', 'fifoRequest', inAll('polled') * POLLS_AN_HOUR * HOURS),
    line('heartbeats', 'fifoRequest', use.heartbeats * REQUESTS.heartbeat),
    line('messages of nodes', 'fifoRequest', use.reconciles * REQUESTS.reconcile),
    line('runs of schedules', 'schedule', use.sweeps),
    line('settings in SSM', 'parameter', inAll('parameters')),
    ...functions(settings, use, given),
    ...(settings.ec2?.budgetTable === undefined
      ? []
      : [line("bookings of EC2's calls", 'tableWrite', use.reconciles * BOOKINGS)]),
    ...(settings.kmsKeyArn === undefined
      ? []
      : [line('key of the queues', 'keyRequest', keyRequests(inAll('queues')))]),
  ];
  return { total: cents(lines.reduce((sum, { dollars }) => sum + dollars, 0)), lines };
}

interface Use {
  readonly clusters: number;
  readonly heartbeats: number;
  readonly sweeps: number;
  readonly reconciles: number;
}

/** A metric is charged for the hours in which it has a value. */
function metrics({ clusters }: Use, { busyHours }: Assumptions): Line[] {
  const [always, busy] = [emitted('always'), emitted('busy')];
  return [
    line('metrics of every hour', 'customMetric', always.once + clusters * always.perCluster),
    line(
      'metrics of busy hours',
      'customMetric',
      (busy.once + clusters * busy.perCluster) * (busyHours / HOURS),
    ),
  ];
}

function functions(
  { memoryMiB, tracing, logRetentionDays }: StageSettings,
  { heartbeats, sweeps, reconciles }: Use,
  given: Assumptions,
): Line[] {
  const invocations = heartbeats + sweeps + reconciles;
  const reconcileSeconds =
    heartbeats * given.heartbeatSeconds + reconciles * given.reconcileSeconds;
  const gigabyteSeconds =
    (memoryMiB.reconcile / 1_024) * reconcileSeconds +
    (memoryMiB.sweep / 1_024) * sweeps * given.sweepSeconds;
  const logBytes =
    invocations * LOG_BYTES.lambda +
    heartbeats * LOG_BYTES.heartbeat +
    sweeps * LOG_BYTES.sweep +
    reconciles * LOG_BYTES.reconcile;
  return [
    line('invocations', 'invocation', invocations),
    line('time of the functions', 'armGigabyteSecond', gigabyteSeconds),
    line('logs', 'logGigabyte', logBytes / GIGA),
    line('kept logs', 'storedGigabyte', (logBytes / GIGA) * (logRetentionDays / 30)),
    // Lambda records the first of each second and a twentieth of the rest: nearly all.
    ...(tracing ? [line('traces', 'trace', invocations)] : []),
  ];
}

/** Of each pair the dead-letter queue is used rarely (the manual's formula for one queue). */
function keyRequests(queues: number): number {
  return (queues / 2) * KEY_CALLS * KEY_REUSE_AN_HOUR * HOURS;
}

function line(what: string, price: Priced, quantity: number): Line {
  return {
    what,
    price,
    quantity: cents(quantity),
    dollars: cents(quantity * PRICES[price].dollars),
  };
}

function cents(value: number): number {
  return Math.round(value * 100) / 100;
}

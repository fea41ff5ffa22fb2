import type { StageSettings } from '../config/schema.ts';
import type { MetricName } from '../shared/telemetry.ts';
import { custom, type Metric, ofFunction } from './alarm.ts';
import { type Resources, sub } from './cloudformation.ts';
import { deadLetterQueueName, type FunctionName, queueName, stackName } from './names.ts';

interface Line {
  readonly metric: Metric;
  readonly label: string;
  readonly stat: string;
}

interface Graph {
  readonly title: string;
  readonly lines: readonly Line[];
}

const REGION = `\${AWS::Region}`;
const COLUMNS = 3;
const WIDTH = 24 / COLUMNS;
const HEIGHT = 6;

/** What each cluster's row shows. */
const CLUSTER_GRAPHS: readonly {
  readonly title: string;
  readonly lines: readonly {
    readonly service: FunctionName;
    readonly name: MetricName;
    readonly stat?: string;
  }[];
}[] = [
  {
    title: 'From annotation to assignment (ms)',
    lines: [
      { service: 'reconcile', name: 'AssignmentLatency', stat: 'p50' },
      { service: 'reconcile', name: 'AssignmentLatency', stat: 'p99' },
    ],
  },
  {
    title: 'Addresses',
    lines: [
      { service: 'reconcile', name: 'AddressesAssigned' },
      { service: 'reconcile', name: 'AddressesReleased' },
      { service: 'reconcile', name: 'AddressesTakenOver' },
      { service: 'reconcile', name: 'AddressesNotAssigned' },
      { service: 'reconcile', name: 'AddressesForeign' },
    ],
  },
  {
    title: 'EC2 calls',
    lines: [
      { service: 'reconcile', name: 'Ec2Calls' },
      { service: 'reconcile', name: 'Ec2Throttles' },
      { service: 'sweep', name: 'Ec2Calls' },
      { service: 'sweep', name: 'Ec2Throttles' },
    ],
  },
  {
    title: 'Drift found by sweeps',
    lines: [
      { service: 'sweep', name: 'DriftMissing', stat: 'Maximum' },
      { service: 'sweep', name: 'DriftLeaked', stat: 'Maximum' },
      { service: 'sweep', name: 'DriftForeign', stat: 'Maximum' },
      { service: 'sweep', name: 'DriftConflicting', stat: 'Maximum' },
      { service: 'sweep', name: 'DriftFull', stat: 'Maximum' },
    ],
  },
  {
    title: 'Sweeps',
    lines: [
      { service: 'sweep', name: 'SweepCompleted' },
      { service: 'sweep', name: 'SweepFailed' },
      { service: 'sweep', name: 'NetworksUnreadable', stat: 'Maximum' },
      { service: 'sweep', name: 'PodsNotAttached', stat: 'Maximum' },
    ],
  },
  {
    title: 'Forwarder and retries',
    lines: [
      { service: 'reconcile', name: 'ForwarderHeartbeat' },
      { service: 'reconcile', name: 'NodesRetried' },
      { service: 'reconcile', name: 'MessagesExpired' },
      { service: 'reconcile', name: 'PodsNotTold' },
    ],
  },
];

/** The names of the metrics of ours that the dashboard shows. */
export function shownMetrics(): ReadonlySet<MetricName> {
  const ofClusters = CLUSTER_GRAPHS.flatMap(({ lines }) => lines.map(({ name }) => name));
  return new Set([...ofClusters, 'MessagesMalformed']);
}

/** One dashboard for the queue and functions, with two rows of graphs per cluster. */
export function dashboard(stage: string, { clusters }: StageSettings): Resources {
  const graphs = [...stageGraphs(stage), ...clusters.flatMap(({ name }) => clusterGraphs(name))];
  return {
    Dashboard: {
      Type: 'AWS::CloudWatch::Dashboard',
      Properties: {
        DashboardName: stackName(stage),
        // A string to CloudFormation; only the region in it is computed.
        DashboardBody: sub(JSON.stringify({ widgets: graphs.map(widget) })),
      },
    },
  };
}

function stageGraphs(stage: string): Graph[] {
  const inQueue = (queue: string, name: string, label: string): Line => ({
    metric: { namespace: 'AWS/SQS', name, dimensions: { QueueName: queue } },
    label,
    stat: 'Maximum',
  });
  const perFunction = (name: FunctionName): Line[] =>
    ['Invocations', 'Errors', 'Throttles'].map((metric) => ({
      metric: ofFunction(stage, name, metric),
      label: `${name}: ${metric}`,
      stat: 'Sum',
    }));
  const visible = 'ApproximateNumberOfMessagesVisible';
  return [
    {
      title: 'Messages',
      lines: [
        inQueue(queueName(stage), visible, 'waiting'),
        inQueue(queueName(stage), 'ApproximateNumberOfMessagesNotVisible', 'in flight'),
        inQueue(deadLetterQueueName(stage), visible, 'dead-letter queue'),
        // It may name no cluster that can be believed.
        {
          metric: custom('reconcile', 'MessagesMalformed', 'none'),
          label: 'malformed',
          stat: 'Sum',
        },
      ],
    },
    {
      title: 'Age of the oldest message (s)',
      lines: [inQueue(queueName(stage), 'ApproximateAgeOfOldestMessage', 'queue')],
    },
    { title: 'Functions', lines: [...perFunction('reconcile'), ...perFunction('sweep')] },
  ];
}

function clusterGraphs(cluster: string): Graph[] {
  return CLUSTER_GRAPHS.map(({ title, lines }) => ({
    title: `${cluster}: ${title}`,
    lines: lines.map(({ service, name, stat = 'Sum' }) => ({
      metric: custom(service, name, cluster),
      label: stat.startsWith('p') ? `${name} ${stat}` : `${service}: ${name}`,
      stat,
    })),
  }));
}

function widget({ title, lines }: Graph, index: number): unknown {
  return {
    type: 'metric',
    x: (index % COLUMNS) * WIDTH,
    y: Math.floor(index / COLUMNS) * HEIGHT,
    width: WIDTH,
    height: HEIGHT,
    properties: {
      title,
      region: REGION,
      view: 'timeSeries',
      period: 300,
      metrics: lines.map(({ metric, label, stat }) => [
        metric.namespace,
        metric.name,
        ...Object.entries(metric.dimensions).flat(),
        { label, stat },
      ]),
    },
  };
}

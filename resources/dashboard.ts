import { ALL_CLUSTERS, METRIC_NAMESPACE, type MetricName } from '../shared/telemetry.ts';
import { custom, type Metric, ofFunction } from './alarm.ts';
import { type Resources, sub } from './cloudformation.ts';
import { type FunctionName, stackName } from './names.ts';

/** One metric, or all that CloudWatch finds by a search. */
type Line =
  | { readonly metric: Metric; readonly label: string; readonly stat: string }
  | { readonly search: string; readonly stat: string };

interface Graph {
  readonly title: string;
  readonly lines: readonly Line[];
}

const REGION = `\${AWS::Region}`;
const COLUMNS = 3;
const WIDTH = 24 / COLUMNS;
const HEIGHT = 6;
const PERIOD_SECONDS = 300;

/** What is shown of all clusters. */
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
      { service: 'reconcile', name: 'BudgetWait', stat: 'p99' },
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
      { service: 'reconcile', name: 'LedgerUnusable' },
    ],
  },
  {
    title: 'EC2’s call budget: rate, throttled calls',
    lines: [
      { service: 'reconcile', name: 'BudgetRate', stat: 'Minimum' },
      { service: 'reconcile', name: 'BudgetTableFailures' },
      { service: 'reconcile', name: 'AssignThrottles' },
      { service: 'reconcile', name: 'UnassignThrottles' },
      { service: 'reconcile', name: 'Ec2Throttles' },
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
    title: 'Addresses that the fullest ENI has (%)',
    lines: [{ service: 'sweep', name: 'FullestEni', stat: 'Maximum' }],
  },
  {
    title: 'Sweeps',
    lines: [
      { service: 'sweep', name: 'SweepCompleted' },
      { service: 'sweep', name: 'SweepFailed' },
      { service: 'sweep', name: 'NetworksUnreadable', stat: 'Maximum' },
      { service: 'sweep', name: 'LargeObjects', stat: 'Maximum' },
      { service: 'sweep', name: 'PodsNotAttached', stat: 'Maximum' },
      { service: 'sweep', name: 'ReservationsWrong', stat: 'Maximum' },
      { service: 'sweep', name: 'LedgerUnusable', stat: 'Maximum' },
    ],
  },
  {
    title: 'Forwarder and retries',
    lines: [
      { service: 'reconcile', name: 'ForwarderHeartbeat' },
      { service: 'reconcile', name: 'NodesRetried' },
      { service: 'reconcile', name: 'MessagesExpired' },
      { service: 'reconcile', name: 'MessagesPassedOn' },
      { service: 'reconcile', name: 'PodsNotTold' },
      { service: 'reconcile', name: 'ClusterOfAnotherStage' },
      { service: 'reconcile', name: 'ControlUnreadable' },
    ],
  },
];

/** The names of the metrics of ours that the dashboard shows. */
export function shownMetrics(): ReadonlySet<MetricName> {
  const ofClusters = CLUSTER_GRAPHS.flatMap(({ lines }) => lines.map(({ name }) => name));
  return new Set([...ofClusters, 'MessagesMalformed', 'Ec2Calls']);
}

/**
 * One dashboard for the queues, the functions and all clusters. What is of clusters is found by
 * search, so that one that joins by a stack of its own appears by itself.
 */
export function dashboard(stage: string): Resources {
  const graphs = [...stageGraphs(stage), ...CLUSTER_GRAPHS.map(ofAllClusters)];
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
  const perFunction = (name: FunctionName): Line[] =>
    ['Invocations', 'Errors', 'Throttles'].map((metric) => ({
      metric: ofFunction(stage, name, metric),
      label: `${name}: ${metric}`,
      stat: 'Sum',
    }));
  const ec2Calls = (name: FunctionName): Line => ({
    metric: custom(name, 'Ec2Calls', ALL_CLUSTERS),
    label: name,
    stat: 'Sum',
  });
  return [
    {
      title: 'Messages',
      lines: [
        inQueues(stage, 'ApproximateNumberOfMessagesVisible'),
        inQueues(stage, 'ApproximateNumberOfMessagesNotVisible'),
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
      lines: [inQueues(stage, 'ApproximateAgeOfOldestMessage')],
    },
    { title: 'Functions', lines: [...perFunction('reconcile'), ...perFunction('sweep')] },
    { title: 'EC2 calls', lines: [ec2Calls('reconcile'), ec2Calls('sweep')] },
  ];
}

/**
 * Of the stage's own queue and those of its clusters, dead-letter queues too. A search compares
 * parts of a name (Amazon CloudWatch User Guide, "CloudWatch search expression syntax").
 */
function inQueues(stage: string, metric: string): Line {
  const parts = stackName(stage).split('-').join(' ');
  return { search: `{AWS/SQS,QueueName} MetricName="${metric}" ${parts}`, stat: 'Maximum' };
}

function ofAllClusters({ title, lines }: (typeof CLUSTER_GRAPHS)[number]): Graph {
  return {
    title,
    lines: lines.map(({ service, name, stat = 'Sum' }) => ({
      search: `{${METRIC_NAMESPACE},service,cluster} service="${service}" MetricName="${name}"`,
      stat,
    })),
  };
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
      period: PERIOD_SECONDS,
      metrics: lines.map(shown),
    },
  };
}

/** As a widget's `metrics` has it. */
function shown(line: Line, index: number): unknown {
  if ('search' in line) {
    const expression = `SEARCH('${line.search}', '${line.stat}', ${PERIOD_SECONDS})`;
    return [{ expression, id: `search${index}` }];
  }
  const { metric, label, stat } = line;
  return [
    metric.namespace,
    metric.name,
    ...Object.entries(metric.dimensions).flat(),
    { label, stat },
  ];
}

/** What a log line is about; each key if it is known. */
export interface Subject {
  readonly cluster?: string;
  readonly node?: string;
  readonly pod?: string;
  readonly eniId?: string;
  readonly address?: string;
}

/** Where CloudWatch keeps the metrics. */
export const METRIC_NAMESPACE = 'MultusEniReconciler';

/** Stands for the cluster if a metric is of all clusters together. */
export const ALL_CLUSTERS = 'all';

/** The metrics, each with the dimensions `service` and `cluster`. Alarms and dashboard are named after them. */
export const METRIC_NAMES = [
  'AddressesAssigned',
  'AddressesReleased',
  'AddressesTakenOver',
  'AddressesNotAssigned',
  'AddressesWithheld',
  'AddressesForeign',
  'AssignmentLatency',
  'ClusterOfAnotherStage',
  'ClusterStopped',
  'ControlUnreadable',
  'AssignThrottles',
  'BudgetRate',
  'BudgetTableFailures',
  'BudgetWait',
  'Ec2Calls',
  'Ec2Throttles',
  'UnassignThrottles',
  'ForwarderHeartbeat',
  'MessagesExpired',
  'MessagesMalformed',
  'MessagesPassedOn',
  'NodesRetried',
  'PodsNotTold',
  'SweepCompleted',
  'SweepFailed',
  'DriftMissing',
  'DriftLeaked',
  'DriftForeign',
  'DriftConflicting',
  'DriftFull',
  'FullestEni',
  'LargeObjects',
  'LedgerUnusable',
  'NetworksUnreadable',
  'PodsNotAttached',
  'ReservationsWrong',
] as const;
export type MetricName = (typeof METRIC_NAMES)[number];

/** Where a run tells what it did. Logs carry no token and no credential. */
export interface Telemetry {
  info(text: string, subject: Subject, detail?: Readonly<Record<string, unknown>>): void;
  warn(text: string, subject: Subject, detail?: Readonly<Record<string, unknown>>): void;
  error(text: string, subject: Subject, error: unknown): void;
  /** Adds `value` (a count, milliseconds for `AssignmentLatency` and `BudgetWait`, per cent for `FullestEni`, Mi characters for `LargeObjects`, calls a second for `BudgetRate`). */
  metric(name: MetricName, cluster: string, value: number): void;
}

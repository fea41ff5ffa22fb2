import { Counter, Gauge, Registry } from 'prom-client';

const PREFIX = 'multus_eni_forwarder_';

/** What the gauges show, asked for at each scrape. */
export interface Readings {
  pods(): number;
  nodes(): number;
  outboxMessages(): number;
  outboxBytes(): number;
  leader(): boolean;
  /** Seconds since the API server last told of something; absent before it first did. */
  lastEventAgeSeconds(): number | undefined;
}

export interface Metrics {
  readonly registry: Registry;
  readonly watchEvents: Counter<'type'>;
  readonly relists: Counter;
  readonly apiFailures: Counter<'call'>;
  readonly unreadablePods: Counter;
  readonly sent: Counter;
  readonly sendFailures: Counter<'reason'>;
  readonly collapses: Counter;
  readonly beyond: Counter<'namespace'>;
  readonly resignations: Counter<'reason'>;
}

/** The forwarder's Prometheus metrics, in a registry of their own. */
export function createMetrics(readings: Readings): Metrics {
  const registry = new Registry();
  const counter = <Label extends string>(
    name: string,
    help: string,
    labelNames: Label[] = [],
  ): Counter<Label> =>
    new Counter({ name: `${PREFIX}${name}_total`, help, labelNames, registers: [registry] });
  const gauge = (name: string, help: string, value: () => number | undefined): void => {
    new Gauge({
      name: PREFIX + name,
      help,
      registers: [registry],
      collect() {
        const now = value();
        if (now !== undefined) this.set(now);
      },
    });
  };

  gauge('pods_indexed', 'Pods that claim an address', readings.pods);
  gauge('nodes_indexed', 'Nodes with pods that claim an address', readings.nodes);
  gauge('outbox_messages', 'Messages that wait to be sent', readings.outboxMessages);
  gauge('outbox_bytes', 'Bytes of the messages that wait to be sent', readings.outboxBytes);
  gauge('leader', '1 on the replica that sends, else 0', () => (readings.leader() ? 1 : 0));
  gauge(
    'last_event_age_seconds',
    'Since the API server last told of a pod or sent a bookmark',
    readings.lastEventAgeSeconds,
  );
  return {
    registry,
    watchEvents: counter('watch_events', 'Watch events received', ['type']),
    relists: counter('relists', 'Lists begun anew because changes may have been missed'),
    apiFailures: counter('api_failures', 'Calls on the Kubernetes API that failed', ['call']),
    unreadablePods: counter('unreadable_pods', 'Pod objects that could not be read'),
    sent: counter('messages_sent', 'Messages that SQS took'),
    sendFailures: counter('send_failures', 'Messages that have to be sent again', ['reason']),
    collapses: counter('collapses', "Times that a node's waiting messages became one resync"),
    beyond: counter(
      'addresses_left_out',
      'Addresses that were not kept, as their namespace claims too many',
      ['namespace'],
    ),
    resignations: counter(
      'resignations',
      'Times that this replica gave the lead up: it could not send (sqs), or did not see the pods (blind)',
      ['reason'],
    ),
  };
}

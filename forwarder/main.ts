import { randomUUID } from 'node:crypto';
import { SQSClient } from '@aws-sdk/client-sqs';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import pino from 'pino';
import { limitedCredentials, requestLimits } from '../shared/aws-calls.ts';
import { kubeConfigTransport } from '../shared/cluster/authenticated-transport.ts';
import { systemClock } from '../shared/time/clock.ts';
import { type ForwarderConfig, readConfig } from './config.ts';
import { ELECTION_TIMES } from './election/leader.ts';
import { type ForwarderOptions, startForwarder } from './forwarder.ts';
import { CALL_TIMEOUT_MS, sqsSendBatch } from './outbox/send-batch.ts';

const OUTBOX_BYTES = 64 * 1024 * 1024;

function kubeConfig(file: string | undefined): KubeConfig {
  const config = new KubeConfig();
  if (file === undefined) config.loadFromCluster();
  else config.loadFromFile(file);
  return config;
}

/** As long as SQS has for a whole call; and credentials have longer, since they are asked for once. */
const LIMITS = { connectMs: 3_000, requestMs: CALL_TIMEOUT_MS, callMs: CALL_TIMEOUT_MS };
const CREDENTIALS_TIMEOUT_MS = 60_000;

function sqsClient({ region, proxy }: ForwarderConfig): SQSClient {
  const settings = {
    region,
    requestHandler: requestLimits(LIMITS, proxy),
    // Otherwise the queue's URL would win over AWS_ENDPOINT_URL_SQS.
    useQueueUrlAsEndpoint: false,
    maxAttempts: 1,
  };
  const withChain = () => new SQSClient(settings);
  const credentials = limitedCredentials(withChain, systemClock, CREDENTIALS_TIMEOUT_MS);
  return new SQSClient({ ...settings, credentials });
}

function forwarderOptions(config: ForwarderConfig, log: pino.Logger): ForwarderOptions {
  return {
    cluster: config.cluster,
    kube: kubeConfigTransport(kubeConfig(config.kubeconfig), config.proxy),
    send: sqsSendBatch(sqsClient(config), config.queueUrl),
    lease: { namespace: config.namespace, name: config.leaseName },
    identity: `${config.podName}_${randomUUID()}`,
    http: { host: config.httpHost, port: config.httpPort },
    outboxLimit: { messages: config.outboxLimit, bytes: OUTBOX_BYTES },
    electionTimes: ELECTION_TIMES,
    clock: systemClock,
    random: Math.random,
    log,
  };
}

const log = pino({ name: 'forwarder' });

function fail(error: unknown): never {
  log.fatal({ err: error }, 'the forwarder ends');
  process.exit(1);
}
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

async function main(): Promise<void> {
  const config = readConfig(process.env);
  log.level = config.logLevel;
  const forwarder = await startForwarder(forwarderOptions(config, log));
  log.info({ port: forwarder.port, cluster: config.cluster }, 'the forwarder has begun');

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'stopping');
      forwarder.stop().then(() => process.exit(0), fail);
    });
  }
}

// Not awaited at the top level, which a bundle that is CommonJS cannot.
main().catch(fail);

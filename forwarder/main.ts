import { randomUUID } from 'node:crypto';
import { SQSClient } from '@aws-sdk/client-sqs';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import pino from 'pino';
import { systemClock } from '../shared/clock.ts';
import { type Config, readConfig } from './config.ts';
import { type ForwarderOptions, startForwarder } from './forwarder.ts';
import { kubeFrom } from './kube-request.ts';
import { ELECTION_TIMES } from './leader.ts';
import { sqsSendBatch } from './send-batch.ts';

const OUTBOX_BYTES = 64 * 1024 * 1024;

function kubeConfig(file: string | undefined): KubeConfig {
  const config = new KubeConfig();
  if (file === undefined) config.loadFromCluster();
  else config.loadFromFile(file);
  return config;
}

function forwarderOptions(config: Config, log: pino.Logger): ForwarderOptions {
  const sqs = new SQSClient({
    region: config.region,
    // Else the queue's URL would win over AWS_ENDPOINT_URL_SQS.
    useQueueUrlAsEndpoint: false,
    maxAttempts: 1,
  });
  return {
    cluster: config.cluster,
    kube: kubeFrom(kubeConfig(config.kubeconfig)),
    send: sqsSendBatch(sqs, config.queueUrl),
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

/** `npm run replay -- <command>`: see docs/replay.md. */
import { systemClock } from '../../shared/time/clock.ts';
import { awsClients, eksClient } from '../aws-clients.ts';
import { podsOf } from '../cluster-pods.ts';
import { run } from './program.ts';

process.exitCode = await run(process.argv.slice(2), {
  aws: (region) => awsClients(region, systemClock),
  podsOf: (choice, region) => podsOf(choice, eksClient(region), systemClock),
  clock: systemClock,
  stdout: process.stdout,
  stderr: process.stderr,
  interrupted() {
    const controller = new AbortController();
    // Once: who asks a second time is ended at once.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => controller.abort());
    }
    return controller.signal;
  },
  waitSeconds: 1,
});

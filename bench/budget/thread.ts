/** A thread of its own for one scenario: it takes over the thread's timers. */
import { parentPort, workerData } from 'node:worker_threads';
import { order, play } from './play.ts';

const answer = await play(order.parse(workerData));
parentPort?.postMessage(answer);

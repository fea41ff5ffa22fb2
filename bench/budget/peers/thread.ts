/** A thread of its own for one scenario: it takes over the thread's timers. */
import { parentPort, workerData } from 'node:worker_threads';
import { peerOrder, playPeer } from './play.ts';

const figures = await playPeer(peerOrder.parse(workerData));
parentPort?.postMessage(figures);

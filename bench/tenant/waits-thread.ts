/** Plays what it is given, and answers. */
import { parentPort, workerData } from 'node:worker_threads';
import { playWaits } from './waits.ts';

parentPort?.postMessage(await playWaits(workerData));

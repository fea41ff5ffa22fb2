/** Reads one large input, in a thread whose memory is bounded. */
import { parentPort, workerData } from 'node:worker_threads';
import * as z from 'zod';
import { LARGE } from './large.ts';

const name = z.string().parse(workerData);
const input = LARGE.find((entry) => entry.name === name);
if (input === undefined) throw new Error(`there is no input ${name}`);
input.read(input.make());
parentPort?.postMessage('read');

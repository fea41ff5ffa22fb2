/**
 * Of `npm run test:late`: every server of a process answers some requests late, each by another time, as
 * on a machine that is busy. Who counts on an order that nobody promised, or lets virtual time pass while a
 * request is on its way, is found by it.
 */
import { EventEmitter } from 'node:events';
import { Server as HttpServer } from 'node:http';
import { Server as HttpsServer } from 'node:https';

/** How many of the requests are late. */
const PART = 0.6;
/** And by how much at most. */
const MOST_MS = 200;

const { emit } = EventEmitter.prototype;

for (const { prototype } of [HttpServer, HttpsServer]) {
  prototype.emit = function emitLate(event: string | symbol, ...args: unknown[]): boolean {
    if (event !== 'request' || Math.random() >= PART) return emit.call(this, event, ...args);
    setTimeout(() => emit.call(this, event, ...args), Math.random() * MOST_MS);
    return true;
  };
}

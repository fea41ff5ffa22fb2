import { IncomingMessage } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** Pieces of 16 KiB, Node's own length, cost more than twice as much in turns of zlib's thread. */
const PIECE_BYTES = 256 * 1024;

/**
 * The answer as it was before the API server compressed it. Who stops reading ends the response; how far one
 * may go on is for the reader to bound, because a short answer may be long when it is decompressed.
 *
 * @returns the answer itself if it is not compressed.
 */
export function decompressed(answer: Readable): Readable {
  if (!(answer instanceof IncomingMessage)) return answer;
  if (answer.headers['content-encoding'] !== 'gzip') return answer;
  // Each of both ends with the other's error, which the reader of the second meets.
  return pipeline(answer, createGunzip({ chunkSize: PIECE_BYTES }), () => {});
}

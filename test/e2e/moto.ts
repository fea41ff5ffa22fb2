import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { patience } from '../support/machine.ts';

export interface Moto {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/**
 * It evaluates no policy and needs no Docker: functions are not run. Nobody starts any of its
 * machine images either, and it would load them anew after each reset.
 */
const ENVIRONMENT = {
  PYTHONUNBUFFERED: '1',
  MOTO_LAMBDA_STUB_ECR: 'true',
  MOTO_EC2_LOAD_DEFAULT_AMIS: 'false',
};
/** How long it may take (ms) until it serves. */
const START_MS = 60_000;

/**
 * Starts moto's server on a free port of loopback.
 *
 * @param program the path of `moto_server`.
 * @throws an Error with what it said, if it ends or does not serve.
 */
export async function startMoto(program: string): Promise<Moto> {
  const child = spawn(program, ['-H', '127.0.0.1', '-p', '0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...ENVIRONMENT },
  });
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  const stop = async (): Promise<void> => {
    child.kill();
    await ended;
  };
  const said: string[] = [];
  const endpoint = new Promise<string>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('it does not serve')), patience(START_MS));
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (said.length < 100) said.push(line);
      const [, url] = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(line) ?? [];
      if (url !== undefined) resolve(url);
    });
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`it ended with ${code}`)));
    void ended.then(() => clearTimeout(late));
    child.stderr.once('data', () => late.unref());
  });
  try {
    return { endpoint: await endpoint, stop };
  } catch (error) {
    await stop();
    throw new Error(`${program}: ${said.join('\n')}`, { cause: error });
  }
}

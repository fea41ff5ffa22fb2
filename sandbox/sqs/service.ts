import type { Clock } from '../../shared/time/clock.ts';
import {
  type AccountOptions,
  type AccountQueue,
  createAccount,
  type ReceiveOptions,
} from './account.ts';
import type { Sent } from './deduplication.ts';
import { assertRange } from './errors.ts';
import { longPolls } from './long-polls.ts';
import type { Outgoing, StoredMessage } from './message.ts';
import { type MoveTask, moveTasks } from './move-tasks.ts';
import type { QueueAttributes } from './queue-attributes.ts';

/** SQS in process: the account's queues on a clock, with long polling. Queues go by name. */
export interface Service {
  create(name: string, attributes: QueueAttributes): AccountQueue;
  queue(name: string): AccountQueue;
  queues(): readonly AccountQueue[];
  delete(name: string): void;
  attributes(name: string): QueueAttributes;
  setAttributes(name: string, attributes: QueueAttributes): void;
  purge(name: string): void;
  send(name: string, message: Outgoing): Sent;
  receive(
    name: string,
    options: ReceiveOptions & { readonly waitSeconds?: number | undefined },
    signal: AbortSignal,
  ): Promise<readonly StoredMessage[]>;
  remove(name: string, handle: string): void;
  changeVisibility(name: string, handle: string, seconds: number): void;
  startMoveTask(sourceArn: string, destinationArn: string | undefined): MoveTask;
  moveTasks(sourceArn: string): readonly MoveTask[];
  messages(name: string): readonly Readonly<StoredMessage>[];
  /** How many receives wait at the queue. */
  waiting(name: string): number;
  /** Ends the waiting receives with nothing. */
  stop(): void;
}

export function createService({
  clock,
  ...options
}: AccountOptions & { readonly clock: Clock }): Service {
  const account = createAccount(options);
  const tasks = moveTasks(account);
  const polls = longPolls<StoredMessage>(clock, (name, now) =>
    account
      .queues()
      .find((queue) => queue.name === name)
      ?.nextVisibleAt(now),
  );

  /** Does something to a queue that may give those who wait at it a message. */
  const change = <T>(name: string, action: (queue: AccountQueue) => T): T => {
    const result = action(account.queue(name));
    polls.changed(name);
    return result;
  };

  const receiveNow = (name: string, receive: ReceiveOptions): readonly StoredMessage[] => {
    const found = account.receive(clock.now(), name, receive);
    const target = account.queue(name).settings().redrive?.deadLetterTargetArn;
    const deadLetters = target === undefined ? undefined : account.byArn(target);
    if (deadLetters !== undefined) polls.changed(deadLetters.name);
    return found;
  };

  return {
    create: (name, attributes) => account.create(clock.now(), name, attributes),
    queue: account.queue,
    queues: account.queues,
    delete(name) {
      account.delete(clock.now(), name);
      polls.changed(name);
    },
    attributes: (name) => account.queue(name).attributes(clock.now()),
    setAttributes: (name, attributes) =>
      change(name, (queue) => queue.setAttributes(clock.now(), attributes)),
    purge: (name) => change(name, (queue) => queue.purge(clock.now())),
    send: (name, message) => change(name, (queue) => queue.send(clock.now(), message)),
    receive(name, { waitSeconds, ...receive }, signal) {
      assertRange('WaitTimeSeconds', waitSeconds, 0, 20);
      const { waitMs } = account.queue(name).settings();
      const wait = waitSeconds === undefined ? waitMs : waitSeconds * 1000;
      return polls.wait(name, wait, () => receiveNow(name, receive), signal);
    },
    remove: (name, handle) => change(name, (queue) => queue.remove(clock.now(), handle)),
    changeVisibility: (name, handle, seconds) =>
      change(name, (queue) => queue.changeVisibility(clock.now(), handle, seconds)),
    startMoveTask(sourceArn, destinationArn) {
      const task = tasks.start(clock.now(), sourceArn, destinationArn);
      for (const queue of account.queues()) polls.changed(queue.name);
      return task;
    },
    moveTasks: tasks.list,
    messages: (name) => account.queue(name).messages(clock.now()),
    waiting: polls.waiting,
    stop: polls.stop,
  };
}

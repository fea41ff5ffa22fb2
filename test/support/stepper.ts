/** Makes a call of a client, now or when it is let go. */
export type Gate = <T>(call: string, make: () => Promise<T>) => Promise<T>;

/** One run of a function, of which every call waits until the test lets it go. */
export interface Actor<T> {
  /** The calls that it came to so far, such as `listPods` or `AssignPrivateIpAddresses`. */
  readonly calls: readonly string[];
  /**
   * Lets it go on up to just before its next call of that name, with all earlier calls answered.
   *
   * @throws if it ends without such a call.
   */
  until(call: string): Promise<void>;
  /** Lets it go on to its end. */
  finish(): Promise<T>;
  /** As when its execution environment dies: what it was about to call is never called. */
  kill(): void;
  /** A call of it was made and is not answered yet. */
  calling(): boolean;
  /** It has come to its end, which one that was killed never does. */
  ended(): boolean;
}

interface Held {
  readonly call: string;
  readonly letGo: () => void;
}

/** @param name for what is said if the actor does not do what the test expects. */
export function startActor<T>(name: string, work: (gate: Gate) => Promise<T>): Actor<T> {
  const calls: string[] = [];
  const held: Held[] = [];
  let underWay = 0;
  let ended = false;
  let passes: (call: string) => boolean = () => false;
  let changed = Promise.withResolvers<void>();
  const change = (): void => {
    changed.resolve();
    changed = Promise.withResolvers();
  };

  const gate: Gate = async (call, make) => {
    calls.push(call);
    if (!passes(call)) {
      // The others stop with it, so that a test finds them where they were.
      passes = () => false;
      const { promise, resolve } = Promise.withResolvers<void>();
      held.push({ call, letGo: resolve });
      change();
      await promise;
    }
    underWay += 1;
    try {
      return await make();
    } finally {
      underWay -= 1;
      change();
    }
  };

  const goOn = (rule: (call: string) => boolean): void => {
    passes = rule;
    for (const { letGo } of held.splice(0)) letGo();
  };

  const running = work(gate).finally(() => {
    ended = true;
    change();
  });
  // A test that does not wait for the end does not fail by it either.
  running.catch(() => undefined);
  // The call that it stopped at last: it is passed, and not what the next `until` looks for.
  let stoppedAt: Held | undefined;

  return {
    calls,
    async until(call) {
      const found = (): Held | undefined =>
        held.find((entry) => entry.call === call && entry !== stoppedAt);
      if (found() === undefined) goOn((each) => each !== call);
      for (let stop = found(); stop === undefined || underWay > 0; stop = found()) {
        if (ended) throw new Error(`${name} ended without ${call}; it called ${calls.join(', ')}`);
        await changed.promise;
      }
      stoppedAt = found();
    },
    finish() {
      goOn(() => true);
      return running;
    },
    kill() {
      held.splice(0);
      passes = () => false;
    },
    calling: () => underWay > 0,
    ended: () => ended,
  };
}

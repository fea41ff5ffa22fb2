import type { Clients } from '../../functions/context.ts';

/** A call that a client makes. */
export interface ClientCall {
  /** As AWS or our own interface names it, such as `AssignPrivateIpAddresses` or `listPods`. */
  readonly name: string;
  /** What is asked, as JSON; of an API server, its cluster first. */
  readonly input: string;
}

/** Stands between the product and each call: makes it, now or later, or never. */
export type Interposer = <T>(call: ClientCall, make: () => Promise<T>) => Promise<T>;

/** The clients with every call through one function, but for connecting to a cluster. */
export function interposed(clients: Clients, through: Interposer): Clients {
  const { readSettings } = clients;
  return {
    ...(readSettings && {
      readSettings: (name) =>
        through({ name: 'GetParameter', input: name }, () => readSettings(name)),
    }),
    ec2: interposedClient(clients.ec2, through),
    ec2Once: interposedClient(clients.ec2Once, through),
    sqs: interposedClient(clients.sqs, through),
    kubernetesOf: async (cluster) =>
      interposedMethods(cluster.name, await clients.kubernetesOf(cluster), through),
  };
}

/** A client of the AWS SDK. */
export function interposedClient<C extends { readonly send: (...args: never[]) => unknown }>(
  client: C,
  through: Interposer,
): Pick<C, 'send'> {
  const send = new Proxy(client.send, {
    apply(target, _self, args: unknown[]) {
      const [command] = args;
      const call = {
        name: String(command?.constructor.name).replace(/Command$/, ''),
        get input() {
          return JSON.stringify(
            typeof command === 'object' && command !== null && 'input' in command && command.input,
          );
        },
      };
      return through(call, async (): Promise<unknown> => Reflect.apply(target, client, args));
    },
  });
  return { send };
}

/** An API server as the functions know it. */
export function interposedMethods<O extends object>(
  cluster: string,
  kubernetes: O,
  through: Interposer,
): O {
  return new Proxy(kubernetes, {
    get(target, property) {
      const method: unknown = Reflect.get(target, property);
      if (typeof method !== 'function') return method;
      return (...args: unknown[]) => {
        const call = {
          name: String(property),
          get input() {
            return JSON.stringify([cluster, ...args]);
          },
        };
        return through(call, async (): Promise<unknown> => Reflect.apply(method, target, args));
      };
    },
  });
}

/** What an environment is started with. */
export interface RuntimeData {
  readonly name: string;
  readonly bundle: string;
  readonly handlerName: string;
  readonly memoryMb: number | undefined;
}

/** An invocation; `event` is JSON. */
export interface ToRuntime {
  readonly event: string;
  readonly timeoutMs: number;
}

/** What the runtime answers; `result` is JSON. */
export type FromRuntime =
  | { readonly kind: 'ready' }
  | { readonly kind: 'init-failed'; readonly detail: string }
  | { readonly kind: 'result'; readonly result: string }
  | { readonly kind: 'failed'; readonly detail: string };

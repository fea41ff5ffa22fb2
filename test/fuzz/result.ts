/** What holds of everything that is read from outside, whatever it was. */

const BUILT_IN = new Map(
  [Object.prototype, Array.prototype, Function.prototype, String.prototype, Map.prototype].map(
    (prototype) => [prototype, Reflect.ownKeys(prototype).length],
  ),
);

/** An error's detail ends in log lines, Events and conditions. */
const MAX_DETAIL_LENGTH = 2000;
const CONTROL = /\p{Cc}/u;

/** @throws if something that all objects share is another than before. */
export function checkPrototypes(): void {
  for (const [prototype, keys] of BUILT_IN) {
    if (Reflect.ownKeys(prototype).length !== keys) {
      throw new Error(`the prototype of ${prototype.constructor.name} was changed`);
    }
  }
}

/** @throws if a result has a prototype from outside, or a key that is none of ours. */
export function checkResult(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (Array.isArray(value) || value instanceof Map || value instanceof Set) {
    for (const item of value) checkResult(item);
    return;
  }
  if (prototype !== Object.prototype && prototype !== null) {
    throw new Error(`a result has the prototype of ${value.constructor?.name}`);
  }
  if (Object.hasOwn(value, '__proto__')) throw new Error('a result has a key __proto__');
  for (const [key, item] of Object.entries(value)) {
    if (key === 'detail' && typeof item === 'string') checkDetail(item);
    checkResult(item);
  }
}

/** @throws if text for people is not one short line that a terminal shows as it is. */
export function checkDetail(detail: string): void {
  if (detail.length > MAX_DETAIL_LENGTH) {
    throw new Error(`a detail of ${detail.length} characters: ${detail.slice(0, 100)}…`);
  }
  if (CONTROL.test(detail)) throw new Error(`a control character in ${JSON.stringify(detail)}`);
}

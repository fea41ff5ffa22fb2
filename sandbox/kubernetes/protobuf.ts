import { isRecord } from './object.ts';
import { badRequest, StatusError } from './status.ts';

/** What a field with a known number holds. */
type Kind = 'int' | 'map' | 'string' | 'strings' | Message;
interface Message {
  readonly [number: number]: readonly [name: string, kind: Kind];
}

/** The field numbers are those of apimachinery's and api's generated.proto. */
const PRECONDITIONS: Message = { 1: ['uid', 'string'], 2: ['resourceVersion', 'string'] };
const DELETE_OPTIONS: Message = {
  1: ['gracePeriodSeconds', 'int'],
  2: ['preconditions', PRECONDITIONS],
  4: ['propagationPolicy', 'string'],
  5: ['dryRun', 'strings'],
};
const METADATA: Message = {
  1: ['name', 'string'],
  2: ['generateName', 'string'],
  3: ['namespace', 'string'],
  11: ['labels', 'map'],
  12: ['annotations', 'map'],
  14: ['finalizers', 'strings'],
};
const NAMED: Message = { 1: ['metadata', METADATA] };
const ENTRY: Message = { 1: ['key', 'string'], 2: ['value', 'string'] };
const TYPE: Message = { 1: ['apiVersion', 'string'], 2: ['kind', 'string'] };

/** What kubectl sends in protobuf: it creates Namespaces and ServiceAccounts so, and drains. */
const KINDS: Readonly<Record<string, Message>> = {
  DeleteOptions: DELETE_OPTIONS,
  Namespace: NAMED,
  ServiceAccount: NAMED,
};

const MALFORMED = 'the body is no protobuf';
const PREFIX = Buffer.from('k8s\0');

/** https://protobuf.dev/programming-guides/encoding/ */
const VARINT = 0;
const BYTES = 2;

interface Field {
  readonly number: number;
  readonly value: bigint | Buffer;
}

function readVarint(bytes: Buffer, at: number): { readonly value: bigint; readonly next: number } {
  let value = 0n;
  for (let index = 0; index < 10; index += 1) {
    const byte = bytes[at + index];
    if (byte === undefined) break;
    value |= BigInt(byte & 0x7f) << BigInt(7 * index);
    if (byte < 0x80) return { value, next: at + index + 1 };
  }
  throw badRequest(MALFORMED);
}

function* fieldsOf(bytes: Buffer): Generator<Field> {
  let at = 0;
  while (at < bytes.length) {
    const key = readVarint(bytes, at);
    const { value, next } = readVarint(bytes, key.next);
    const number = Number(key.value >> 3n);
    at = next;
    switch (Number(key.value & 7n)) {
      case VARINT:
        yield { number, value };
        break;
      case BYTES: {
        at = next + Number(value);
        if (at > bytes.length) throw badRequest(MALFORMED);
        yield { number, value: bytes.subarray(next, at) };
        break;
      }
      default:
        throw badRequest(MALFORMED);
    }
  }
}

/** Whether a field is as good as absent: Go's clients send those of a struct that are not set, too. */
function isUnset(value: bigint | Buffer): boolean {
  if (typeof value === 'bigint') return value === 0n;
  try {
    return [...fieldsOf(value)].every((field) => isUnset(field.value));
  } catch (error) {
    if (error instanceof StatusError) return false;
    throw error;
  }
}

function added(present: unknown, value: Buffer | bigint, kind: Kind): unknown {
  if ((typeof value === 'bigint') !== (kind === 'int')) throw badRequest(MALFORMED);
  if (typeof value === 'bigint') return Number(BigInt.asIntN(64, value));
  if (kind === 'string') return value.toString();
  if (kind === 'strings') return [...(Array.isArray(present) ? present : []), value.toString()];
  if (kind === 'map') {
    const { key, value: text = '' } = decode(value, ENTRY);
    return { ...(isRecord(present) ? present : {}), [String(key)]: text };
  }
  return kind === 'int' ? undefined : decode(value, kind);
}

function decode(bytes: Buffer, message: Message): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const { number, value } of fieldsOf(bytes)) {
    const [name, kind] = message[number] ?? [];
    if (name === undefined || kind === undefined) {
      if (!isUnset(value)) throw unread();
    } else if (kind !== 'string' || typeof value === 'bigint' || value.length > 0) {
      object[name] = added(object[name], value, kind);
    }
  }
  return object;
}

function unread(): StatusError {
  const why = 'the sandbox reads little protobuf; application/json is accepted';
  return new StatusError(415, 'UnsupportedMediaType', why);
}

/**
 * Reads a body of `application/vnd.kubernetes.protobuf`: a runtime.Unknown that holds an object
 * with its type.
 *
 * @throws StatusError 400 for what is none, 415 for a kind or a field that is not known here.
 */
export function readProtobuf(body: Uint8Array): object {
  const bytes = Buffer.from(body);
  if (!bytes.subarray(0, PREFIX.length).equals(PREFIX)) {
    throw badRequest('the body does not begin as protobuf of Kubernetes does');
  }
  let type: Record<string, unknown> = {};
  let raw = Buffer.alloc(0);
  for (const { number, value } of fieldsOf(bytes.subarray(PREFIX.length))) {
    if (typeof value === 'bigint') continue;
    if (number === 1) type = decode(value, TYPE);
    if (number === 2) raw = Buffer.from(value);
  }
  const message = KINDS[String(type.kind)];
  if (message === undefined) throw unread();
  return { ...type, ...decode(raw, message) };
}

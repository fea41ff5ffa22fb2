import { parse } from 'yaml';
import * as z from 'zod';
import { readDryRun } from './dry-run.ts';
import type { Call } from './faults.ts';
import { acceptedForm, type Form } from './forms/accept.ts';
import { checkListOptions, checkWatchOptions } from './list-options.ts';
import type { DeleteOptions } from './objects.ts';
import type { PatchType } from './patches.ts';
import { readProtobuf } from './protobuf.ts';
import { badRequest, invalidOptions, StatusError } from './status.ts';

/** The type of a server-side apply, whose body is YAML; JSON is YAML. */
export const APPLY = 'application/apply-patch+yaml';

const flag = z
  .enum(['true', 'false', '1', '0'])
  .transform((text) => text === 'true' || text === '1');
const querySchema = z.object({
  labelSelector: z.string().optional(),
  fieldSelector: z.string().optional(),
  limit: z.coerce.number().int().optional(),
  continue: z.string().min(1).optional(),
  resourceVersion: z.string().optional(),
  resourceVersionMatch: z.string().optional(),
  allowWatchBookmarks: flag.optional(),
  sendInitialEvents: flag.optional(),
  timeoutSeconds: z.coerce.number().nonnegative().optional(),
  includeObject: z.string().optional(),
  fieldManager: z.string().max(128).default(''),
  force: flag.default(false),
});

/** As the parameters of a deletion say it, or its body. */
const deleteQuery = z.object({
  gracePeriodSeconds: z.coerce.number().int().optional(),
  propagationPolicy: z.string().optional(),
});
const deleteBody = z.looseObject({
  kind: z.literal('DeleteOptions').nullish(),
  gracePeriodSeconds: z.number().int().nullish(),
  propagationPolicy: z.string().nullish(),
  dryRun: z.array(z.string()).nullish(),
  preconditions: z
    .object({ uid: z.string().optional(), resourceVersion: z.string().optional() })
    .nullish(),
});

const OPTIONS_KINDS: Readonly<Partial<Record<Call['verb'], string>>> = {
  create: 'CreateOptions',
  update: 'UpdateOptions',
  patch: 'PatchOptions',
  delete: 'DeleteOptions',
  deletecollection: 'DeleteOptions',
};
const POLICIES = ['Foreground', 'Background', 'Orphan'];

/** The parameters and the body of a request about objects. */
export interface ObjectRequest {
  readonly query: z.output<typeof querySchema>;
  readonly body: unknown;
  readonly contentType: string;
  /** The form of the answer; `undefined` for the object's own. */
  readonly form: Form | undefined;
  /** Of a create, an update or a patch. */
  readonly dryRun: boolean;
  /** Of a deletion. */
  readonly deletion: DeleteOptions;
}

/**
 * Reads what a request about objects asks for. A body without Content-Type is JSON, but that
 * of a patch, whose type says what it means.
 *
 * @throws StatusError 400, 406, 415 and 422, z.ZodError for parameters that cannot be read.
 */
export async function readObjectRequest(
  verb: Call['verb'],
  request: Request,
  query: URLSearchParams,
): Promise<ObjectRequest> {
  const contentType = (request.headers.get('content-type') ?? '').split(';')[0]?.trim() ?? '';
  const form = acceptedForm(request.headers.get('accept'));
  const body = await readBody(verb, request, contentType);
  const given = Object.fromEntries([...query].filter(([, value]) => value !== ''));
  const deletes = verb === 'delete' || verb === 'deletecollection';
  const kind = OPTIONS_KINDS[verb];
  const parameters = querySchema.parse(given);
  if (verb === 'list') checkListOptions(parameters);
  if (verb === 'watch') checkWatchOptions(parameters);
  return {
    query: parameters,
    body,
    contentType,
    form,
    dryRun: !deletes && kind !== undefined && readDryRun(kind, query.getAll('dryRun')),
    deletion: deletes ? readDeletion(body, query) : {},
  };
}

/** A deletion that has a body goes by that, whatever its parameters say. */
function readDeletion(body: unknown, query: URLSearchParams): DeleteOptions {
  const given = Object.fromEntries(query);
  const options =
    body === undefined
      ? { ...deleteQuery.parse(given), dryRun: query.getAll('dryRun') }
      : deleteBody.parse(body);
  const { propagationPolicy } = options;
  if (typeof propagationPolicy === 'string' && !POLICIES.includes(propagationPolicy)) {
    throw invalidOptions('DeleteOptions', {
      field: 'propagationPolicy',
      reason: 'FieldValueNotSupported',
      message: `Unsupported value: ${JSON.stringify(propagationPolicy)}: supported values: "Foreground", "Background", "Orphan", "nil"`,
    });
  }
  const preconditions = 'preconditions' in options ? options.preconditions : undefined;
  return {
    gracePeriodSeconds: options.gracePeriodSeconds ?? undefined,
    dryRun: readDryRun('DeleteOptions', options.dryRun ?? []),
    preconditions: deleteBody.shape.preconditions.parse(preconditions) ?? undefined,
  };
}

async function readBody(
  verb: Call['verb'],
  request: Request,
  contentType: string,
): Promise<unknown> {
  if (request.method === 'GET') return undefined;
  const bytes = Buffer.from(await request.arrayBuffer());
  if (bytes.length === 0) return undefined;
  if (verb === 'patch') {
    return contentType === APPLY ? parseYaml(bytes.toString()) : parseJson(bytes.toString());
  }
  if (contentType === 'application/vnd.kubernetes.protobuf') return readProtobuf(bytes);
  if (!['', 'application/json'].includes(contentType)) throw unsupported('application/json');
  return parseJson(bytes.toString());
}

function parseYaml(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw badRequest(`error decoding YAML: ${error}`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badRequest(`couldn't get version/kind; json parse error: ${error}`);
  }
}

function unsupported(accepted: string): StatusError {
  const why = `the body of the request was in an unknown format - accepted media types include: ${accepted}`;
  return new StatusError(415, 'UnsupportedMediaType', why);
}

/** @throws StatusError 415 for none; a custom resource takes no strategic merge patch. */
export function patchType(contentType: string, custom: boolean): PatchType {
  switch (contentType) {
    case 'application/json-patch+json':
    case 'application/merge-patch+json':
      return contentType;
    case 'application/strategic-merge-patch+json':
      if (!custom) return contentType;
  }
  throw unsupported(
    `application/json-patch+json, application/merge-patch+json${custom ? '' : ', application/strategic-merge-patch+json'}, ${APPLY}`,
  );
}

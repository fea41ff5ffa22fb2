import { StatusError } from '../status.ts';

/** Another form than the object's own that a client asks for. */
export interface Form {
  readonly as: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';
  readonly version: 'v1' | 'v1beta1';
}

const FORMS = ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'] as const;
const VERSIONS = ['v1', 'v1beta1'] as const;
const JSON_TYPES = ['application/json', '*/*'];

interface Clause {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

function clauseOf(text: string): Clause {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim());
  const parameters = new Map(
    rest.map((part) => {
      const [name = '', value = ''] = part.split('=');
      return [name, value];
    }),
  );
  return { type, parameters, quality: Number(parameters.get('q') ?? 1) };
}

/** `own` for the object as it is; `undefined` if the sandbox cannot answer like that. */
function formOf({ type, parameters }: Clause): Form | 'own' | undefined {
  if (!JSON_TYPES.includes(type)) return undefined;
  const asked = parameters.get('as');
  if (asked === undefined) return 'own';
  const as = FORMS.find((form) => form === asked);
  const version = VERSIONS.find((known) => known === parameters.get('v'));
  if (parameters.get('g') !== 'meta.k8s.io' || !as || !version) return undefined;
  return { as, version };
}

/**
 * The first form of an Accept header that the sandbox can answer in; `undefined` for the
 * object's own.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
 *
 * @throws StatusError 406 if the sandbox has none that the client accepts.
 */
export function acceptedForm(accept: string | null): Form | undefined {
  const clauses = (accept ?? '*/*').split(',').map((text) => clauseOf(text.trim()));
  for (const clause of clauses.toSorted((a, b) => b.quality - a.quality)) {
    const form = formOf(clause);
    if (form !== undefined) return form === 'own' ? undefined : form;
  }
  throw notAcceptable('only the following media types are accepted: application/json');
}

export function notAcceptable(message: string): StatusError {
  return new StatusError(406, 'NotAcceptable', message);
}

import canonicalize from 'canonicalize';
import * as z from 'zod/mini';
import type { ModelDescription } from '../onnx/model-description.ts';
import type { Artifact } from './model-version.ts';

/** What a reader has to know how to read; another number is another form. */
const FORM = 'strata.manifest/1';

/** What a version costs a fresh process with one thread, on the machine that admitted it. */
export interface ManifestMeasurement {
  /** Milliseconds until the session is open. */
  readonly openMs: number;
  /** Milliseconds of half of the warm runs at most. */
  readonly p50Ms: number;
  /** Most memory of the process, in bytes. */
  readonly peakBytes: number;
  /** Shape of each input of the runs. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
}

/** What the model made of samples whose outputs were known. */
export interface ManifestGolden {
  readonly samples: number;
  /** Largest distance of a floating-point output from the one that was given. */
  readonly maxAbsolute: number;
}

/** The same model, written for one runtime: opens faster, gives the same results. */
export interface ManifestOptimised extends Artifact {
  /** Runtime that it was made by and for. */
  readonly runtime: string;
}

/** Where a version comes from, as whoever made it said. */
export interface ManifestLineage {
  readonly source: string;
  readonly author?: string;
  readonly runId?: string;
  readonly loggedModelId?: string;
}

/** Everything that was found out about a version before it may serve. */
export interface Manifest {
  readonly form: typeof FORM;
  /** Id that the model keeps through renames: a manifest is of one version and no other. */
  readonly modelId: string;
  readonly version: string;
  readonly artifact: Artifact;
  readonly description: ModelDescription;
  /** Runtime that opened and ran it, for example `onnxruntime-node 1.30.0`. */
  readonly runtime: string;
  /** Absent when the model refused every invented input and no sample was given. */
  readonly measured?: ManifestMeasurement;
  /** Absent when no samples were given. */
  readonly golden?: ManifestGolden;
  /** Absent when nothing could be gained. */
  readonly optimised?: ManifestOptimised;
  readonly lineage: ManifestLineage;
  /** ISO 8601, UTC. */
  readonly admittedAt: string;
}

export type ManifestDraft = Omit<Manifest, 'form'>;

/** The manifest as the bytes that are signed: JSON in the one form of RFC 8785. */
export function manifestText(draft: ManifestDraft): string {
  return canonicalize({ ...draft, form: FORM }) as string;
}

const file = { digest: z.string().check(z.regex(/^[0-9a-f]{64}$/)), size: z.number() };
const files = z.optional(z.array(z.looseObject({ ...file, name: z.string() })));
const tensors = z.array(
  z.looseObject({ name: z.string(), datatype: z.string(), shape: z.array(z.number()) }),
);

/** What those who serve a version rely on. */
const schema = z.looseObject({
  form: z.literal(FORM),
  modelId: z.string(),
  version: z.string(),
  artifact: z.looseObject({ ...file, files }),
  description: z.looseObject({ inputs: tensors, outputs: tensors, operators: z.array(z.string()) }),
  optimised: z.optional(z.looseObject({ ...file, files, runtime: z.string() })),
});

/** @returns undefined for what is no manifest of this form */
export function readManifest(text: string): Manifest | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data as Manifest | undefined;
  } catch {
    return undefined;
  }
}

/** What the server can compress with; in order of preference between equal wishes. */
const CODINGS = ['gzip', 'deflate'] as const;

export type Coding = (typeof CODINGS)[number];

/** How an answer may be encoded. */
export interface AcceptedEncoding {
  /** The coding that the client likes best; undefined when it would rather have none. */
  readonly coding: Coding | undefined;
  /** Whether it takes the answer as it is. */
  readonly allowsIdentity: boolean;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const WEIGHT = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

/**
 * Reads the header Accept-Encoding.
 *
 * Without the header nothing is compressed: a client that can decompress says so. An entry that cannot be read counts
 * as none. Source: RFC 9110 section 12.5.3.
 */
export function acceptedEncoding(header: string | undefined): AcceptedEncoding {
  const weights = new Map<string, number>();
  for (const entry of (header ?? '').toLowerCase().split(',')) {
    const [name = '', ...parameters] = entry.split(';').map((part) => part.trim());
    const weight = weightOf(parameters);
    if (TOKEN.test(name) && weight !== undefined) weights.set(name.replace(/^x-/, ''), weight);
  }
  const rest = weights.get('*');
  const weighed = CODINGS.map((coding) => ({ coding, weight: weights.get(coding) ?? rest ?? 0 }));
  const best = weighed.reduce((first, second) => (second.weight > first.weight ? second : first));
  // Only a wish for no encoding that is written out is stronger than one for a coding.
  const isWanted = best.weight > 0 && best.weight >= (weights.get('identity') ?? 0);
  return {
    coding: isWanted ? best.coding : undefined,
    allowsIdentity: (weights.get('identity') ?? rest ?? 1) > 0,
  };
}

function weightOf(parameters: readonly string[]): number | undefined {
  if (parameters.length === 0) return 1;
  const [, weight] = (parameters.length === 1 && WEIGHT.exec(parameters[0] ?? '')) || [];
  return weight === undefined ? undefined : Number(weight);
}

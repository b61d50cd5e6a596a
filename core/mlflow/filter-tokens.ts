import { invalidParameter } from './mlflow-error.ts';

export interface Token {
  /** `word` is a name or keyword, `quoted` a text in ' or ", `ticked` one in backticks. */
  readonly kind: 'word' | 'quoted' | 'ticked' | 'number' | 'sign';
  /** Without its quotes. */
  readonly text: string;
  /** Whether a dot stands right before it: `tag.key`. */
  readonly afterDot: boolean;
}

const TOKEN =
  /\s*(?:(?<word>[\p{L}_][\p{L}\p{N}_]*)|(?<number>-?\d+(?:\.\d+)?)|'(?<single>(?:[^']|'')*)'|"(?<double>(?:[^"]|"")*)"|`(?<ticked>[^`]*)`|(?<sign>!=|>=|<=|[=<>(),.]))/uy;

/** @throws InvalidInputError `INVALID_PARAMETER_VALUE` */
export function tokensOf(filter: string): Token[] {
  const tokens: Token[] = [];
  const text = filter.trimEnd();
  const pattern = new RegExp(TOKEN);
  let afterDot = false;
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const { word, number, single, double, ticked, sign } = pattern.exec(text)?.groups ?? {};
    const quoted = single?.replaceAll("''", "'") ?? double?.replaceAll('""', '"');
    const value = word ?? number ?? quoted ?? ticked ?? sign;
    if (value === undefined) {
      throw invalidParameter(`The filter cannot be read from ${JSON.stringify(text.slice(at, at + 40))} on.`);
    }
    const kind =
      word !== undefined
        ? 'word'
        : number !== undefined
          ? 'number'
          : quoted !== undefined
            ? 'quoted'
            : ticked !== undefined
              ? 'ticked'
              : 'sign';
    tokens.push({ kind, text: value, afterDot });
    afterDot = kind === 'sign' && value === '.';
  }
  return tokens;
}

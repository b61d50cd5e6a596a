import type { InvalidInputError } from '../errors.ts';
import { type Token, tokensOf } from './filter-tokens.ts';
import { assertLikePattern } from './like.ts';
import { invalidParameter } from './mlflow-error.ts';

export type Comparator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'LIKE' | 'ILIKE' | 'IN' | 'NOT IN';

/** One comparison of a filter. */
export interface Term {
  /** Of a tag, of what was logged, or of the record itself. */
  readonly of: 'tag' | 'param' | 'metric' | 'attribute';
  readonly key: string;
  readonly comparator: Comparator;
  /** One text, several for IN, or a number. */
  readonly value: string | number | readonly string[];
}

/** What may be compared with what, by attribute. */
export interface FilterGrammar {
  readonly attributes: Readonly<
    Record<string, { readonly comparators: readonly Comparator[]; readonly isNumber?: boolean }>
  >;
  /** Whether there are params and metrics. */
  readonly hasLogged?: boolean;
}

const TAG_COMPARATORS: readonly Comparator[] = ['=', '!=', 'LIKE', 'ILIKE'];
const NUMBER_COMPARATORS: readonly Comparator[] = ['=', '!=', '<', '<=', '>', '>='];

/** What keys are of, by what stands before their dot. Source: MLflow, SearchUtils. */
const LOGGED: Readonly<Record<string, Term['of']>> = {
  param: 'param',
  params: 'param',
  parameter: 'param',
  parameters: 'param',
  metric: 'metric',
  metrics: 'metric',
};
const MAX_FILTER_LENGTH = 10_000;

/**
 * Reads a filter of MLflow's: comparisons joined by AND.
 * @throws InvalidInputError `INVALID_PARAMETER_VALUE`
 */
export function parseFilter(filter: string, grammar: FilterGrammar): Term[] {
  if (filter.length > MAX_FILTER_LENGTH) {
    throw invalidParameter(
      `The filter has ${filter.length} characters, at most ${MAX_FILTER_LENGTH} are allowed.`,
    );
  }
  const tokens = tokensOf(filter);
  if (tokens.length === 0) return [];
  const reader = new TermReader(tokens, grammar);
  const terms = [reader.term()];
  while (reader.skipKeyword('AND')) terms.push(reader.term());
  reader.end();
  return terms;
}

class TermReader {
  #at = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly grammar: FilterGrammar,
  ) {}

  term(): Term {
    const { of, key } = this.#subject();
    const comparator = this.#comparator();
    const { comparators, isNumber = false } = this.#comparators(of, key);
    if (!comparators.includes(comparator)) {
      throw invalidParameter(`"${key}" cannot be compared by ${comparator}: use ${comparators.join(', ')}.`);
    }
    const isList = comparator === 'IN' || comparator === 'NOT IN';
    const value = isList ? this.#list() : isNumber ? this.#number(of === 'metric') : this.#text();
    if (comparator.endsWith('LIKE')) assertLikePattern(String(value));
    return { of, key, comparator, value };
  }

  skipKeyword(keyword: string): boolean {
    const token = this.tokens[this.#at];
    if (!isKeyword(token, keyword)) return false;
    this.#at++;
    return true;
  }

  end(): void {
    if (this.#at < this.tokens.length) throw this.#unexpected('AND, or the end');
  }

  #subject(): Pick<Term, 'of' | 'key'> {
    const first = this.#next('the name of a field');
    if (first.kind !== 'word') throw this.#unexpected('the name of a field', -1);
    if (!this.#skipSign('.')) return { of: 'attribute', key: first.text };
    const key = this.#dottedKey();
    if (first.text === 'tag' || first.text === 'tags') return { of: 'tag', key };
    if (first.text === 'attribute' || first.text === 'attributes') return { of: 'attribute', key };
    const logged = Object.hasOwn(LOGGED, first.text) ? LOGGED[first.text] : undefined;
    if (this.grammar.hasLogged && logged) return { of: logged, key };
    throw invalidParameter(
      `There is nothing called "${first.text}": use tags.<key>, or the name of a field.`,
    );
  }

  /** `a.b.c`, or the whole key in quotes. */
  #dottedKey(): string {
    const first = this.#next('a key');
    if (first.kind === 'quoted' || first.kind === 'ticked') return first.text;
    if (first.kind !== 'word') throw this.#unexpected('a key', -1);
    let key = first.text;
    while (this.#skipSign('.')) {
      const part = this.#next('the rest of the key');
      if (part.kind !== 'word' && part.kind !== 'number') throw this.#unexpected('the rest of the key', -1);
      key += `.${part.text}`;
    }
    return key;
  }

  #comparators(of: Term['of'], key: string) {
    if (of === 'attribute') return this.#attribute(key);
    return of === 'metric'
      ? { comparators: NUMBER_COMPARATORS, isNumber: true }
      : { comparators: TAG_COMPARATORS };
  }

  #attribute(key: string) {
    const { attributes } = this.grammar;
    const attribute = Object.hasOwn(attributes, key) ? attributes[key] : undefined;
    if (attribute) return attribute;
    throw invalidParameter(
      `There is no field "${key}" to search by: use ${Object.keys(attributes).join(', ')}, or tags.<key>.`,
    );
  }

  #comparator(): Comparator {
    if (this.skipKeyword('LIKE')) return 'LIKE';
    if (this.skipKeyword('ILIKE')) return 'ILIKE';
    if (this.skipKeyword('IN')) return 'IN';
    if (this.skipKeyword('NOT')) {
      if (this.skipKeyword('IN')) return 'NOT IN';
      throw this.#unexpected('IN behind NOT');
    }
    const { kind, text } = this.#next('a comparison');
    const sign = (['=', '!=', '<', '<=', '>', '>='] as const).find(
      (each) => kind === 'sign' && each === text,
    );
    if (sign) return sign;
    throw this.#unexpected('a comparison', -1);
  }

  #text(): string {
    const token = this.#next('a text in quotes');
    if (token.kind !== 'quoted') throw this.#unexpected('a text in quotes', -1);
    return token.text;
  }

  #number(mayBeFraction: boolean): number {
    const wanted = mayBeFraction ? 'a number' : 'a whole number';
    const token = this.#next(wanted);
    const isNumber = token.kind === 'number' || token.kind === 'quoted';
    const form = mayBeFraction ? /^-?\d{1,15}(\.\d+)?$/ : /^-?\d{1,15}$/;
    if (!isNumber || !form.test(token.text)) throw this.#unexpected(wanted, -1);
    return Number(token.text);
  }

  #list(): string[] {
    if (!this.#skipSign('(')) throw this.#unexpected('a list in parentheses');
    const values = [this.#text()];
    while (this.#skipSign(',')) values.push(this.#text());
    if (!this.#skipSign(')')) throw this.#unexpected('")" or ","');
    return values;
  }

  #skipSign(sign: string): boolean {
    const token = this.tokens[this.#at];
    if (token?.kind !== 'sign' || token.text !== sign) return false;
    this.#at++;
    return true;
  }

  #next(wanted: string): Token {
    const token = this.tokens[this.#at];
    if (token === undefined) throw this.#unexpected(wanted);
    this.#at++;
    return token;
  }

  #unexpected(wanted: string, offset = 0): InvalidInputError {
    const token = this.tokens[this.#at + offset];
    const found = token === undefined ? 'its end' : JSON.stringify(token.text.slice(0, 100));
    return invalidParameter(`The filter has ${found} where ${wanted} should be. Only AND joins comparisons.`);
  }
}

function isKeyword(token: Token | undefined, keyword: string): boolean {
  return token?.kind === 'word' && token.text.toUpperCase() === keyword;
}

import { referenceTo, resultKey } from './exchange-key.ts';
import { REFERENCE_PARAMETER, SIZE_PARAMETER } from './referenced-input.ts';
import type { TensorExchange } from './tensor-exchange.ts';

/** Parameters of an output whose bytes are in the exchange. */
export type ResultReference = Readonly<Record<string, string | number>>;

/** Puts the bytes of an output where the caller can fetch them. */
export type LayOut = (output: string, bytes: Uint8Array) => Promise<ResultReference>;

/** Lays out the outputs of one prediction for the caller who asked for it. */
export function layOutFor(principal: string, predictionId: string, exchange: TensorExchange): LayOut {
  return async (output, bytes) => {
    const key = resultKey(principal, predictionId, output);
    const url = await exchange.write(key, bytes);
    return {
      [REFERENCE_PARAMETER]: referenceTo(exchange.bucket, key),
      [SIZE_PARAMETER]: bytes.length,
      s3_url: url,
    };
  };
}

import * as z from 'zod';

/** Of what API Gateway would be given. */
export const httpResult = z.object({
  statusCode: z.number(),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  body: z.string(),
  isBase64Encoded: z.boolean().default(false),
});

export type HttpResult = z.infer<typeof httpResult>;

const refusal = z.object({ error_code: z.string() });

export function bytesOf({ body, isBase64Encoded }: HttpResult): Buffer {
  return Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
}

/** Status and code of an answer that is none; the code leads to the reason in the function's log. */
export function refusalOf(result: HttpResult): string {
  const code = refusal.safeParse(parsed(bytesOf(result).toString()));
  return `status ${result.statusCode}${code.success ? ` ${code.data.error_code}` : ''}`;
}

/** Undefined for what is no JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

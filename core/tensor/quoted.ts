const LONGEST = 80;

/** A caller's text inside a message: in quotation marks, escaped, and never longer than a line can bear. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
}

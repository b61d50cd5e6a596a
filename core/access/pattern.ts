/**
 * Whether a text matches a pattern in which `*`, or another wildcard, stands for any text, also for none; every other
 * character stands for itself. The parts between the asterisks are looked for once each, from left to right and never again, so that no
 * pattern makes a caller wait.
 */
export function matchesPattern(pattern: string, text: string, wildcard = '*'): boolean {
  const [start = '', ...others] = pattern.split(wildcard);
  const end = others.pop();
  if (end === undefined) return text === start;
  if (!text.startsWith(start)) return false;
  let at = start.length;
  for (const part of others) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.length - at >= end.length && text.endsWith(end);
}

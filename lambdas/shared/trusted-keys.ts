/** Fingerprints in the value of an environment variable: separated by commas. */
export function readTrustedKeys(value: string | undefined): readonly string[] | undefined {
  return value
    ?.split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '');
}

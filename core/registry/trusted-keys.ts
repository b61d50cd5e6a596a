/** Fingerprints as environments and outputs of stacks write them: separated by commas. */
export function readTrustedKeys(value: string | undefined): readonly string[] | undefined {
  return value
    ?.split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '');
}

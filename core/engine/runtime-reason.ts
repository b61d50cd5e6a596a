/**
 * The part of a runtime's message that helps a caller: without paths of files, lines and C++ signatures.
 *
 * @param error what `InferenceSession.run` threw
 */
export function runtimeReason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (
    message
      .replace(SOURCE_LOCATION, '')
      .replace(PATH, '')
      .replace(
        /Non-zero status code returned while running (\S+) node\. Name:'([^']*)' Status Message: /,
        'operator $1 ("$2"): ',
      )
      // "Load model from <path> failed:Fatal error", as the runtime joins them.
      .replace(/\bfrom\s+(?=failed\b)/, '')
      .replace(/\bfailed:(?=\S)/g, 'failed: ')
      .replace(/\s+/g, ' ')
      .trim()
  );
}

/** `/src/a.h:583 void ns::Class::Method(int, int) const [with T = float] `, as the runtime's macros print it. */
const SOURCE_LOCATION =
  /(?:[A-Za-z]:)?[\\/][^\s:]*\.(?:cc|cpp|cxx|h|hpp):\d+ (?:[^()]*\((?:[^()]|\([^()]*\))*\)(?: const)?(?: \[with [^\]]*\])? )?/g;

const PATH = /(?:[A-Za-z]:)?(?:[\\/][\w.@+-]+){2,}/g;

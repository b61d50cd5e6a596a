/**
 * The part of a runtime's message that helps a caller: without paths of files, lines and C++ signatures.
 *
 * @param error what `InferenceSession.run` threw
 * @param path of the file that was opened; it may hold spaces, so that the message alone does not tell its end
 */
export function runtimeReason(error: unknown, path = ''): string {
  const message = error instanceof Error ? error.message : String(error);
  return (
    (path === '' ? message : message.replaceAll(path, ''))
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

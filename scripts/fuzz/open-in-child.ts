import { opensWithRuntime } from '../../core/engine/opens-with-runtime.ts';
import { StrataError } from '../../core/errors.ts';

/** Opens files as registration does; a process of its own, since native code may not survive what it is given. */
process.on('message', (path: string) => {
  opensWithRuntime(path).then(
    () => process.send?.('opened'),
    (error: unknown) => process.send?.(error instanceof StrataError ? error.code : String(error)),
  );
});
process.send?.('ready');

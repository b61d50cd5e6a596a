import { installPythonEnvironment, type PythonInstallOptions } from './python-environment.ts';

/** The emulator, pinned: `emulator.py` patches exactly this version. */
export const EMULATOR_VERSION = '1.5.33';

/**
 * cryptography signs with asymmetric KMS keys, cbor2 speaks CloudWatch's protocol, boto3 is there for custom resources
 * written in Python. In one command: the emulator pins botocore.
 */
const PACKAGES = [`ministack==${EMULATOR_VERSION}`, 'boto3', 'cryptography', 'cbor2'];

/**
 * Installs the emulator into `.cache/emulator-<version>/`, once.
 * @returns the interpreter of the virtual environment
 */
export function installEmulator(options: PythonInstallOptions): Promise<string> {
  const directoryName = `emulator-${EMULATOR_VERSION}`;
  return installPythonEnvironment({ directoryName, purpose: 'emulator', packages: PACKAGES }, options);
}

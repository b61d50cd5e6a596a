import { InvalidInputError } from '../errors.ts';
import { staysInFolder } from '../registry/folder-digest.ts';
import { type TensorProto, TensorProto_DataLocation } from './schema/onnx_pb.ts';

/** Where the values of a tensor are that stand outside the model. */
export interface ExternalData {
  /** Relative to the folder of the model, with forward slashes. */
  readonly location: string;
  /** In bytes. */
  readonly offset: number;
  /** In bytes; undefined: to the end of the file. */
  readonly length: number | undefined;
}

/** Whether the values of a tensor stand in another file. */
export function isExternal({ dataLocation, externalData }: TensorProto): boolean {
  return dataLocation === TensorProto_DataLocation.EXTERNAL || externalData.length > 0;
}

/**
 * Reads where the values of an external tensor are. Source: ONNX, "External Data" and the comments of `TensorProto`.
 *
 * @throws InvalidInputError `INVALID_EXTERNAL_DATA` when it does not say so; `EXTERNAL_DATA_OUTSIDE` for a location that
 * is not below the folder of the model
 */
export function externalDataOf({ name, externalData }: TensorProto): ExternalData {
  const entries = new Map(externalData.map(({ key, value }) => [key, value]));
  // Some exporters write "./weights".
  const location = entries.get('location')?.replace(/^(\.\/)+/, '');
  if (!location) throw invalid(name, 'names no file');
  if (!isBelow(location)) {
    throw new InvalidInputError(
      'EXTERNAL_DATA_OUTSIDE',
      `The weights "${name}" stand in ${JSON.stringify(location)}, which is not in the folder of the model. Put the file beside the model, and save the model with its name alone.`,
    );
  }
  return {
    location,
    offset: bytes(name, 'offset', entries.get('offset')) ?? 0,
    length: bytes(name, 'length', entries.get('length')),
  };
}

/** By the words of the location alone; symbolic links are looked at where files are opened. */
function isBelow(location: string): boolean {
  return staysInFolder(location) && !/^[A-Za-z]:/.test(location);
}

function bytes(name: string, key: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number)) {
    throw invalid(name, `has the ${key} ${JSON.stringify(value)}, which is no number of bytes`);
  }
  return number;
}

function invalid(name: string, what: string): InvalidInputError {
  return new InvalidInputError(
    'INVALID_EXTERNAL_DATA',
    `The entry for the external weights "${name}" ${what}. Save the model again, for example with onnx.save(model, file, save_as_external_data=True).`,
  );
}

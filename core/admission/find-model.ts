import { InvalidInputError } from '../errors.ts';
import { staysInFolder } from '../registry/folder-digest.ts';
import type { VersionFile } from './version-files.ts';

/** Files in which Python keeps objects: to read one is to run what it says. */
const PICKLE = /\.(pkl|pickle|joblib|cloudpickle)$/i;
const ONNX = /\.onnx$/i;

/** What to paste, for each of the frameworks whose files are recognised by their names. */
const EXPORTS: readonly (readonly [RegExp, string])[] = [
  [
    PICKLE,
    'it was logged as a Python pickle. In Python: from skl2onnx import to_onnx; mlflow.onnx.log_model(to_onnx(model, X[:1]), name="model", registered_model_name="...")',
  ],
  [
    /\.(pth?|pt2|ckpt)$/i,
    'it holds a PyTorch checkpoint. In Python: import torch; mlflow.onnx.log_model(torch.onnx.export(model, (x,), dynamo=True).model_proto, name="model", registered_model_name="...")',
  ],
  [
    /\.(keras|h5|pb|tflite)$/i,
    'it holds a TensorFlow or Keras model. In Python: import tf2onnx; mlflow.onnx.log_model(tf2onnx.convert.from_keras(model)[0], name="model", registered_model_name="...")',
  ],
  [
    /\.(ubj|xgb|lgb|cbm)$/i,
    'it holds trees in the format of their own library. In Python: import onnxmltools; mlflow.onnx.log_model(onnxmltools.convert_xgboost(model, initial_types=types), name="model", registered_model_name="...")',
  ],
];

/**
 * The ONNX file among the files of a version: the only one, or the one that is called `model.onnx`.
 *
 * @returns its name, relative to the folder of the version
 * @throws InvalidInputError `PATH_OUTSIDE` for a name that leaves the folder, `NOT_ONNX`, `SEVERAL_MODELS`
 */
export function findModel(files: readonly VersionFile[]): string {
  const outside = files.find(({ name }) => !staysInFolder(name));
  if (outside) {
    throw new InvalidInputError(
      'PATH_OUTSIDE',
      `The file ${JSON.stringify(outside.name)} is not in the folder of the version. Push the files by names without "..".`,
    );
  }
  const models = files.map(({ name }) => name).filter((name) => ONNX.test(name));
  const named = models.filter((name) => name === 'model.onnx' || name.endsWith('/model.onnx'));
  const [only, ...others] = named.length > 0 ? named : models;
  if (only === undefined) throw notOnnx(files);
  if (others.length > 0) {
    throw new InvalidInputError(
      'SEVERAL_MODELS',
      `The version has ${others.length + 1} ONNX files (${[only, ...others].slice(0, 3).join(', ')}); push one, called model.onnx.`,
    );
  }
  return only;
}

function notOnnx(files: readonly VersionFile[]): InvalidInputError {
  const [, advice] = EXPORTS.find(([names]) => files.some(({ name }) => names.test(name))) ?? [];
  const names = files
    .slice(0, 5)
    .map(({ name }) => name)
    .join(', ');
  const found = files.length === 0 ? 'it has no files' : `among its files (${names}) is none called *.onnx`;
  return new InvalidInputError(
    'NOT_ONNX',
    `This version is no ONNX model: ${advice ?? `${found}. Export the model to ONNX and log that, with mlflow.onnx.log_model`}.`,
  );
}

/**
 * A model as onnxruntime's own examples open it: the package required as it is installed, the file read into memory, no
 * options.
 */
const { readFile } = require('node:fs/promises');
const ort = require('onnxruntime-node');

const TYPES = { FP32: 'float32', INT64: 'int64' };

exports.answer = async (path, inputs) => {
  const session = await ort.InferenceSession.create(await readFile(path));
  const feeds = {};
  for (const [name, { datatype, shape, data }] of inputs) {
    feeds[name] = new ort.Tensor(TYPES[datatype], data, shape);
  }
  const results = await session.run(feeds);
  return Object.values(results).map(({ data }) => data);
};

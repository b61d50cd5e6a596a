/** A place in a public document that says how a server behaves. */
export interface Reference {
  readonly title: string;
  readonly url: string;
}

const PROTOCOL =
  'https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md';
const TRITON = 'https://github.com/triton-inference-server/server/blob/main/docs/protocol';

const protocol = (section: string, anchor: string): Reference => ({
  title: `Open Inference Protocol, ${section}`,
  url: `${PROTOCOL}#${anchor}`,
});

const extension = (name: string, file: string): Reference => ({
  title: `Triton, ${name}`,
  url: `${TRITON}/${file}.md`,
});

export const REFERENCES = {
  httpRest: protocol('HTTP/REST', 'httprest'),
  health: protocol('Health', 'health'),
  serverMetadata: protocol('Server Metadata', 'server-metadata'),
  modelMetadata: protocol('Model Metadata', 'model-metadata'),
  inference: protocol('Inference', 'inference'),
  request: protocol('Inference Request JSON Object', 'inference-request-json-object'),
  response: protocol('Inference Response JSON Object', 'inference-response-json-object'),
  inferenceError: protocol('Inference Response JSON Error Object', 'inference-response-json-error-object'),
  tensorData: protocol('Tensor Data', 'tensor-data'),
  datatypes: protocol('Tensor Data Types', 'tensor-data-types'),
  parameters: protocol('Parameters', 'parameters'),
  binary: extension('Binary Tensor Data Extension', 'extension_binary_data'),
  classification: extension('Classification Extension', 'extension_classification'),
  configuration: extension('Model Configuration Extension', 'extension_model_configuration'),
  repository: extension('Model Repository Extension', 'extension_model_repository'),
  statistics: extension('Statistics Extension', 'extension_statistics'),
  sharedMemory: extension('Shared-Memory Extension', 'extension_shared_memory'),
  trace: extension('Trace Extension', 'extension_trace'),
  json: { title: 'RFC 8259, JSON', url: 'https://www.rfc-editor.org/rfc/rfc8259' },
  encoding: {
    title: 'RFC 9110, Content-Encoding',
    url: 'https://www.rfc-editor.org/rfc/rfc9110#field.content-encoding',
  },
  acceptEncoding: {
    title: 'RFC 9110, Accept-Encoding',
    url: 'https://www.rfc-editor.org/rfc/rfc9110#field.accept-encoding',
  },
  methods: {
    title: 'RFC 9110, 405 Method Not Allowed',
    url: 'https://www.rfc-editor.org/rfc/rfc9110#status.405',
  },
  tritonClient: {
    title: 'tritonclient.http, the client of Triton for Python',
    url: 'https://github.com/triton-inference-server/client/tree/main/src/python/library/tritonclient/http',
  },
  kserveClient: {
    title: 'KServe, InferenceRESTClient',
    url: 'https://github.com/kserve/kserve/blob/master/python/kserve/kserve/inference_client.py',
  },
} as const satisfies Record<string, Reference>;

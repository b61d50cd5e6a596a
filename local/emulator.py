"""Starts the AWS emulator (MiniStack, pinned) with AWS's own behaviour where the emulator is laxer.

Every patch is one function that rewrites one stated piece of the emulator's source. The version is asserted and the
piece must be there exactly once, so a new version of the emulator cannot lose a patch silently: it does not start.

Environment, beside the emulator's own:
  STRATA_RESOURCE_TYPES  file that receives the CloudFormation resource types the emulator knows, a JSON list
  STRATA_HOST_LAYERS     "1": attached layers are ignored, because they are built for another machine than this
                         one; NODE_PATH then names the host's own
"""

import hashlib
import importlib
import importlib.metadata
import inspect
import io
import json
import os
import signal
import sys
import threading
import zipfile

VERSION = "1.5.33"

# Hard limits of AWS, in bytes. API Gateway: "Amazon API Gateway quotas", payload size 10 MB. Lambda: "Lambda quotas",
# 6 MB each way for synchronous calls; the exact numbers are those of its error messages.
GATEWAY_REQUEST_BYTES = 10 * 1024 * 1024
LAMBDA_REQUEST_BYTES = 6 * 1024 * 1024
LAMBDA_RESPONSE_BYTES = 6 * 1024 * 1024 + 100


_rewritten = {}


def rewrite(module_name, function, old, new):
    """Replaces `old` by `new` in the source of a function of the emulator."""
    module = importlib.import_module(module_name)
    source = _rewritten.get((module_name, function)) or inspect.getsource(getattr(module, function))
    if source.count(old) != 1:
        raise SystemExit(f"emulator.py: {module_name}.{function} has changed, the patch does not fit: {old!r}")
    source = _rewritten[module_name, function] = source.replace(old, new)
    exec(compile(source, f"<{function}, patched>", "exec"), module.__dict__)


def gateway_refuses_large_requests():
    """More than 10 MB: 413, before anything else looks at the request."""
    rewrite(
        "ministack.services.apigateway_v1",
        "_execute_in_scope",
        'request["stage"] = stage\n',
        'request["stage"] = stage\n'
        f"    if len(body or b'') > {GATEWAY_REQUEST_BYTES}:\n"
        '        return _gw_error("REQUEST_TOO_LARGE",'
        f' "HTTP content length exceeded {GATEWAY_REQUEST_BYTES} bytes.")\n',
    )


def mock_bodies_know_their_request():
    """The template of a MOCK integration's answer may name `$context.requestId`."""
    rewrite(
        "ministack.services.apigateway_v1",
        "_execute_in_scope",
        "return _invoke_mock_v1(integration)",
        "mock_status, mock_headers, mock_body = _invoke_mock_v1(integration)\n"
        '        mock_body = mock_body.replace(b"$context.requestId", request["request_id"].encode())\n'
        "        return mock_status, mock_headers, mock_body",
    )


def functions_refuse_large_events():
    """An event of more than 6 MB as JSON never reaches the function: 413 "Request Too Long"."""
    rewrite(
        "ministack.services.apigateway_v1",
        "_invoke_lambda_proxy_v1",
        "result, err = await _call_lambda_raw(",
        f"if len(json.dumps(event, ensure_ascii=False).encode()) > {LAMBDA_REQUEST_BYTES}:\n"
        '        return _gw_error("REQUEST_TOO_LARGE", "Request Too Long")\n'
        "    result, err = await _call_lambda_raw(",
    )


def failed_functions_are_bad_gateways():
    """A function that fails: 502 by DEFAULT_5XX with a neutral message, not with what the function threw."""
    rewrite(
        "ministack.services.apigateway_v1",
        "_invoke_lambda_proxy_v1",
        'return 502, {"Content-Type": "application/json"}, json.dumps({"message": err}).encode()',
        'return _gw_error("DEFAULT_5XX", "Internal server error")',
    )
    rewrite(
        "ministack.services.apigateway_v1",
        "_gateway_error_response",
        'response.get("statusCode") or (403 if response_type == "DEFAULT_4XX" else 500)',
        'response.get("statusCode") or (403 if response_type == "DEFAULT_4XX" else 502)',
    )


def functions_refuse_large_results():
    """A result of more than 6 MB as JSON is an error of the function."""
    rewrite(
        "ministack.services.lambda_svc",
        "_execute_function_warm",
        'return {"body": result.get("result"), "log": result.get("log", "")}',
        f'if len(json.dumps(result.get("result"), ensure_ascii=False).encode()) > {LAMBDA_RESPONSE_BYTES}:\n'
        '                return {"error": True, "log": result.get("log", ""), "body": {'
        '"errorType": "Function.ResponseSizeTooLarge", "errorMessage": "Response payload size exceeded'
        f' maximum allowed payload size ({LAMBDA_RESPONSE_BYTES} bytes)."}}}}\n'
        '            return {"body": result.get("result"), "log": result.get("log", "")}',
    )


def binary_media_types_cover_missing_headers():
    """`*/*` means every request and answer, those without Content-Type or Accept too."""
    rewrite(
        "ministack.services.apigateway_v1",
        "_media_type_matches",
        "if not mt:\n        return False",
        'if not mt:\n        return "*/*" in (binary_media_types or [])',
    )


def paths_stay_encoded():
    """REST APIs hand the path to the function as it was sent, still percent-encoded."""
    rewrite(
        "ministack.app",
        "_handle_execute_api_request",
        "return await apigw_v1.handle_execute(api_id, stage, method, execute_path,",
        "if raw_path is not None and path.endswith(execute_path):\n"
        "                skipped = path[: len(path) - len(execute_path)]\n"
        "                if raw_path.startswith(skipped):\n"
        "                    execute_path = raw_path[len(skipped) :]\n"
        "            return await apigw_v1.handle_execute(api_id, stage, method, execute_path,",
    )


def errors_keep_their_names():
    """`errorType` is the name of what the function threw: Retry and Catch of state machines match it."""
    runtime = importlib.import_module("ministack.core.lambda_runtime")
    old = 'status: "error", error: String(err.message || err), trace: err.stack || ""'
    script = runtime._NODEJS_WORKER_SCRIPT
    if script.count(old) != 1:
        raise SystemExit("emulator.py: the Node worker has changed, the patch for error names does not fit")
    runtime._NODEJS_WORKER_SCRIPT = script.replace(old, f"name: err.name, {old}")
    rewrite(
        "ministack.services.lambda_svc",
        "_execute_function_warm",
        'error_type = "Runtime.HandlerError"',
        'error_type = result.get("name") or "Runtime.HandlerError"',
    )


def embedded_metrics_arrive():
    """Log lines in the embedded metric format become metrics, as CloudWatch Logs does on AWS."""
    service = importlib.import_module("ministack.services.lambda_svc")
    record = importlib.import_module("ministack.services.cloudwatch").record_metric
    emit_logs = service._emit_lambda_logs

    def publish(line):
        document = json.loads(line)
        for directive in document["_aws"]["CloudWatchMetrics"]:
            for names in directive["Dimensions"]:
                dimensions = {name: str(document[name]) for name in names}
                for metric in directive["Metrics"]:
                    values = document[metric["Name"]]
                    for value in values if isinstance(values, list) else [values]:
                        record(directive["Namespace"], metric["Name"], value, metric.get("Unit", "None"), dimensions)

    def emit(func, request_id, log_text, *rest, **options):
        for line in (log_text or "").splitlines():
            if line.startswith("{") and '"CloudWatchMetrics"' in line:
                try:
                    publish(line)
                except (AttributeError, KeyError, TypeError, ValueError):
                    continue  # CloudWatch ignores lines that are not in its format, too
        return emit_logs(func, request_id, log_text, *rest, **options)

    service._emit_lambda_logs = emit


def layers_are_unpacked_once():
    """Layers are shared and read-only, as /opt is: unpacked once for all workers, found by NODE_PATH."""
    service = importlib.import_module("ministack.services.lambda_svc")
    stored_layer = service._resolve_layer_zip
    lock = threading.Lock()

    def resolve(attachment):
        content = None if os.environ.get("STRATA_HOST_LAYERS") == "1" else stored_layer(attachment)
        if content:
            with lock:
                directory = os.path.join(os.environ["TMPDIR"], "layers", hashlib.sha256(content).hexdigest())
                if not os.path.isdir(directory):
                    zipfile.ZipFile(io.BytesIO(content)).extractall(directory)
                modules = os.path.join(directory, "nodejs", "node_modules")
                paths = [path for path in os.environ.get("NODE_PATH", "").split(os.pathsep) if path]
                if modules not in paths:
                    os.environ["NODE_PATH"] = os.pathsep.join([modules, *paths])
        return None

    service._resolve_layer_zip = resolve


def write_resource_types(path):
    """Tells the runner which resource types it has to leave out."""
    provisioners = importlib.import_module("ministack.services.cloudformation.provisioners")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(sorted(provisioners._RESOURCE_HANDLERS), file)


def end_with_the_runner():
    """Standard input is a pipe that the runner holds: it closes however the runner ends, SIGKILL included."""

    def wait():
        while os.read(sys.stdin.fileno(), 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


def main():
    found = importlib.metadata.version("ministack")
    if found != VERSION:
        raise SystemExit(f"emulator.py: the patches are for ministack {VERSION}, found {found}")
    end_with_the_runner()
    gateway_refuses_large_requests()
    mock_bodies_know_their_request()
    functions_refuse_large_events()
    failed_functions_are_bad_gateways()
    functions_refuse_large_results()
    binary_media_types_cover_missing_headers()
    paths_stay_encoded()
    errors_keep_their_names()
    embedded_metrics_arrive()
    layers_are_unpacked_once()
    if os.environ.get("STRATA_RESOURCE_TYPES"):
        write_resource_types(os.environ["STRATA_RESOURCE_TYPES"])
    importlib.import_module("ministack.app").main()


main()

"""What the client does not show: status, fields and errors on the wire."""

import json
import os
import urllib.error
import urllib.parse
import urllib.request

import pytest


def call(endpoint, method, path, fields=None, *, version="2.0", body=None):
    url = f"{endpoint}/api/{version}/mlflow/{path}"
    if method == "GET" and fields:
        url += "?" + urllib.parse.urlencode(fields, doseq=True)
    data = body if body is not None else json.dumps(fields or {}).encode() if method != "GET" else None
    request = urllib.request.Request(
        url,
        data=data,
        method=method,
        headers={"Authorization": f"Bearer {os.environ['STRATA_TOKEN']}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.mark.parametrize("version", ["2.0", "3.0"])
def test_server_info(endpoint, version):
    status, info = call(endpoint, "GET", "server-info", version=version)
    assert status == 200
    assert set(info) >= {"workspaces_enabled", "multipart_uploads_enabled", "artifacts_presigned_only"}


def test_both_prefixes_are_one_registry(endpoint, model):
    assert call(endpoint, "GET", "registered-models/get", {"name": model}, version="3.0")[0] == 200


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'"text"', b"null", b'{"name": 1}', b'{"name": ["a"]}', b"{}", b'{"name": "a", "name": "b"}']
)
def test_bodies_that_cannot_be_read(endpoint, body):
    status, error = call(endpoint, "POST", "registered-models/create", body=body)
    assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert set(error) >= {"message", "error", "request_id"}


def test_versions_are_strings(endpoint, model):
    call(endpoint, "POST", "model-versions/create", {"name": model, "source": "s3://bucket/model"})
    status, answer = call(endpoint, "GET", "model-versions/get", {"name": model, "version": "1"})
    assert (status, answer["model_version"]["version"]) == (200, "1")
    status, error = call(endpoint, "PATCH", "model-versions/update", {"name": model, "version": 1})
    assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    status, error = call(endpoint, "GET", "model-versions/get", {"name": model, "version": "one"})
    assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_null_is_nothing_and_unknown_fields_do_no_harm(endpoint, name):
    fields = {"name": name, "description": None, "tags": None, "deployment_job_id": "x"}
    status, answer = call(endpoint, "POST", "registered-models/create", fields)
    assert status == 200
    assert "description" not in answer["registered_model"]


def test_what_is_not_there(endpoint):
    status, error = call(endpoint, "GET", "nothing-of-the-kind")
    assert (status, error["error_code"]) == (404, "ENDPOINT_NOT_FOUND")
    status, error = call(endpoint, "GET", "registered-models/create")
    assert (status, error["error_code"]) == (405, "BAD_REQUEST")


def test_repeated_order_by(endpoint):
    fields = {"order_by": ["timestamp DESC", "name ASC"], "max_results": "5"}
    assert call(endpoint, "GET", "registered-models/search", fields)[0] == 200

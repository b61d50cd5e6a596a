"""Versions, stages and aliases, as MLflow's client makes, shows, changes and deletes them."""

import uuid

import pytest
from mlflow.exceptions import MlflowException

SOURCE = "s3://bucket/model"


def refusal_code(call) -> str:
    with pytest.raises(MlflowException) as refusal:
        call()
    return refusal.value.error_code


@pytest.fixture
def versions(client, model) -> list[str]:
    return [client.create_model_version(model, SOURCE, await_creation_for=0).version for _ in range(3)]


def test_create_and_get(client, model):
    created = client.create_model_version(
        model,
        SOURCE,
        run_id="a" * 32,
        tags={"f1": "0.9"},
        run_link="https://example.com/run",
        description="first try",
        await_creation_for=0,
    )
    assert (created.name, created.version, created.source, created.run_id) == (model, "1", SOURCE, "a" * 32)
    assert (created.status, created.current_stage) == ("PENDING_REGISTRATION", "None")
    assert (created.description, created.run_link, created.tags) == (
        "first try",
        "https://example.com/run",
        {"f1": "0.9"},
    )
    assert dict(client.get_model_version(model, "1")) == dict(created)
    assert client.get_model_version_download_uri(model, "1") == SOURCE


def test_what_is_not_given_is_empty(client, model):
    client.create_model_version(model, SOURCE, await_creation_for=0)
    version = client.get_model_version(model, 1)
    assert (version.run_id, version.description, version.run_link) == ("", "", "")
    assert (version.tags, version.aliases) == ({}, [])


def test_numbers_are_consecutive_and_never_given_again(client, model, versions):
    assert versions == ["1", "2", "3"]
    client.delete_model_version(model, "3")
    assert client.create_model_version(model, SOURCE, await_creation_for=0).version == "4"
    assert refusal_code(lambda: client.get_model_version(model, "3")) == "RESOURCE_DOES_NOT_EXIST"
    assert refusal_code(lambda: client.delete_model_version(model, "3")) == "RESOURCE_DOES_NOT_EXIST"


@pytest.mark.parametrize(
    "source",
    [
        "/tmp/model",
        "model",
        "file:///tmp/model",
        "https://example.com/model",
        "ftp://example.com/model",
        "s3://bucket/../other",
        "s3://bucket/%2e%2e/other",
        "s3://bucket/%252e%252e/other",
        "s3://bucket",
        "mlflow-artifacts:/0/abc/artifacts/model",
        "models:/m-123",
        "models:/x",
    ],
)
def test_sources_that_are_refused(client, model, source):
    code = refusal_code(lambda: client.create_model_version(model, source, await_creation_for=0))
    assert code == "INVALID_PARAMETER_VALUE"


def test_files_that_nobody_pushed_make_no_version(client, model):
    run = client.create_run("0").info.run_id
    source = f"mlflow-artifacts:/0/{run}/artifacts/model"
    code = refusal_code(lambda: client.create_model_version(model, source, run_id=run, await_creation_for=0))
    assert code == "INVALID_PARAMETER_VALUE"


def test_update_and_tags(client, model, versions):
    updated = client.update_model_version(model, "2", "better")
    assert updated.description == "better"
    client.set_model_version_tag(model, "2", "f1", "0.8")
    client.set_model_version_tag(model, "2", "f1", "0.9")
    client.set_model_version_tag(model, "2", "long", "x" * 100_000)
    client.delete_model_version_tag(model, "2", "nothing of the kind")
    assert client.get_model_version(model, "2").tags == {"f1": "0.9", "long": "x" * 100_000}
    client.delete_model_version_tag(model, "2", "long")
    assert client.get_model_version(model, "2").tags == {"f1": "0.9"}
    assert client.get_model_version(model, "1").tags == {}


def test_a_copy_tells_where_it_comes_from(client, model, ready_model):
    copied = client.copy_model_version(f"models:/{ready_model}/1", f"{model} copy")
    assert (copied.name, copied.version, copied.source) == (f"{model} copy", "1", f"models:/{ready_model}/1")
    assert client.get_model_version_download_uri(copied.name, "1") == client.get_model_version_download_uri(
        ready_model, "1"
    )


def test_a_copy_of_nothing(client, model):
    call = lambda: client.create_model_version(model, f"models:/{model}/7", await_creation_for=0)  # noqa: E731
    assert refusal_code(call) == "RESOURCE_DOES_NOT_EXIST"


@pytest.mark.filterwarnings("ignore::FutureWarning")
class TestStages:
    def test_transitions(self, client, model, versions):
        assert client.transition_model_version_stage(model, "1", "production").current_stage == "Production"
        client.transition_model_version_stage(model, "2", "Staging")
        newest = {version.current_stage: version.version for version in client.get_latest_versions(model)}
        assert newest == {"None": "3", "Staging": "2", "Production": "1"}
        assert [version.version for version in client.get_latest_versions(model, ["STAGING"])] == ["2"]
        assert client.get_latest_versions(model, ["Archived"]) == []

    def test_archiving(self, client, model, versions):
        client.transition_model_version_stage(model, "1", "Production")
        client.transition_model_version_stage(model, "2", "Production", archive_existing_versions=True)
        assert client.get_model_version(model, "1").current_stage == "Archived"
        assert client.get_model_version(model, "2").current_stage == "Production"

    def test_refusals(self, client, model, versions):
        for call in (
            lambda: client.transition_model_version_stage(model, "1", "Nowhere"),
            lambda: client.transition_model_version_stage(model, "1", "None", archive_existing_versions=True),
            lambda: client.get_latest_versions(model, ["Nowhere"]),
        ):
            assert refusal_code(call) == "INVALID_PARAMETER_VALUE"


class TestAliases:
    @pytest.fixture(autouse=True)
    def clean(self, client, ready_model):
        yield
        for alias in client.get_registered_model(ready_model).aliases:
            client.delete_registered_model_alias(ready_model, alias)

    def test_set_move_and_delete(self, client, ready_model):
        client.set_registered_model_alias(ready_model, "champion", "1")
        client.set_registered_model_alias(ready_model, "challenger", "2")
        assert client.get_registered_model(ready_model).aliases == {"champion": "1", "challenger": "2"}
        assert client.get_model_version_by_alias(ready_model, "champion").version == "1"
        assert client.get_model_version(ready_model, "1").aliases == ["champion"]
        client.set_registered_model_alias(ready_model, "champion", "2")
        assert sorted(client.get_model_version_by_alias(ready_model, "champion").aliases) == ["challenger", "champion"]
        client.delete_registered_model_alias(ready_model, "champion")
        client.delete_registered_model_alias(ready_model, "champion")
        assert client.get_registered_model(ready_model).aliases == {"challenger": "2"}

    def test_latest(self, client, ready_model):
        assert client.get_model_version_by_alias(ready_model, "latest").version == "3"

    def test_refusals(self, client, ready_model, model, versions):
        for call in (
            lambda: client.set_registered_model_alias(ready_model, "latest", "1"),
            lambda: client.set_registered_model_alias(ready_model, "Latest", "1"),
            lambda: client.set_registered_model_alias(ready_model, "v1", "1"),
            lambda: client.set_registered_model_alias(ready_model, "a b", "1"),
            lambda: client.get_model_version_by_alias(ready_model, "nobody"),
        ):
            assert refusal_code(call) == "INVALID_PARAMETER_VALUE"
        assert refusal_code(lambda: client.set_registered_model_alias(ready_model, "a", "9")) == (
            "RESOURCE_DOES_NOT_EXIST"
        )
        with pytest.raises(MlflowException, match="READY") as pending:
            client.set_registered_model_alias(model, "a", "1")
        assert pending.value.error_code == "RESOURCE_CONFLICT"

    def test_a_deleted_version_takes_its_aliases_along(self, client, prompt_name):
        prompt = client.register_prompt(prompt_name, "hello")
        client.set_prompt_alias(prompt_name, "greeting", prompt.version)
        client.delete_prompt_version(prompt_name, str(prompt.version))
        again = client.register_prompt(prompt_name, "hello again")
        assert again.version == prompt.version + 1
        with pytest.raises(MlflowException, match="alias"):
            client.get_prompt_version_by_alias(prompt_name, "greeting")


@pytest.fixture(scope="module")
def searched(client) -> str:
    """A model with five versions."""
    name = f"versions-{uuid.uuid4()}"
    client.create_registered_model(name)
    for i in range(1, 6):
        client.create_model_version(
            name,
            f"s3://bucket/{i}",
            run_id=str(i) * 32,
            tags={"half": "first" if i < 3 else "second"},
            await_creation_for=0,
        )
    return name


class TestSearch:
    @pytest.mark.parametrize(
        "condition, expected",
        [
            ("", "54321"),
            ("AND version_number > 3", "54"),
            ("AND version_number >= '4'", "54"),
            ("AND version_number != 3 AND version_number <= 4", "421"),
            ("AND run_id = '" + "2" * 32 + "'", "2"),
            ("AND run_id IN ('" + "2" * 32 + "', '" + "4" * 32 + "')", "42"),
            ("AND run_id NOT IN ('" + "2" * 32 + "')", "5431"),
            ("AND source_path LIKE 's3://bucket/_'", "54321"),
            ("AND source_path = 's3://bucket/3'", "3"),
            ("AND tags.half = 'first'", "21"),
            ("AND tags.half != 'first'", "543"),
            ("AND tags.other != 'first'", ""),
        ],
    )
    def test_filters(self, client, searched, condition, expected):
        found = client.search_model_versions(f"name='{searched}' {condition}", order_by=["version_number DESC"])
        assert "".join(version.version for version in found) == expected

    def test_the_last_changed_comes_first(self, client, searched):
        client.update_model_version(searched, "2", "changed")
        assert client.search_model_versions(f"name='{searched}'")[0].version == "2"

    def test_pages(self, client, searched):
        numbers, token = "", None
        for _ in range(10):
            page = client.search_model_versions(
                f"name='{searched}'", max_results=2, order_by=["version_number ASC"], page_token=token
            )
            numbers += "".join(version.version for version in page)
            token = page.token
            if not token:
                break
        assert numbers == "12345"

    def test_without_a_filter_all_versions_are_found(self, client, searched):
        assert searched in {version.name for version in client.search_model_versions()}

    @pytest.mark.parametrize(
        "search",
        [
            {"filter_string": "version_number LIKE '1'"},
            {"filter_string": "version_number = 'one'"},
            {"filter_string": "stage = 'None'"},
            {"order_by": ["source_path"]},
            {"page_token": "nonsense"},
        ],
        ids=str,
    )
    def test_what_cannot_be_read_is_refused(self, client, search):
        assert refusal_code(lambda: client.search_model_versions(**search)) == "INVALID_PARAMETER_VALUE"

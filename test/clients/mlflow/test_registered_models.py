"""Registered models, as MLflow's client makes, shows, changes and deletes them."""

import uuid

import pytest
from mlflow.exceptions import MlflowException


def refused(error_code: str, text: str = ""):
    return pytest.raises(MlflowException, match=f"(?s){error_code}.*{text}")


def test_create_and_get(client, name):
    created = client.create_registered_model(name, tags={"team": "risk"}, description="who pays back")
    assert (created.name, created.description, created.tags) == (name, "who pays back", {"team": "risk"})
    assert created.creation_timestamp == created.last_updated_timestamp
    shown = client.get_registered_model(name)
    assert dict(shown) == dict(created)
    assert (shown.latest_versions, shown.aliases) == ([], {})


@pytest.mark.parametrize("special", ["Größe µ", "with 'single' and \"double\" quotes", "100 % + & ? #", "日本語", "a.b"])
def test_any_name_that_is_a_path_segment(client, name, special):
    name = f"{special} {name}"
    client.create_registered_model(name)
    assert client.get_registered_model(name).name == name
    client.set_registered_model_tag(name, "team", special)
    quoted = name.replace("'", "''")
    assert [found.name for found in client.search_registered_models(f"name = '{quoted}'")] == [name]
    client.delete_registered_model(name)


@pytest.mark.parametrize("bad", ["", " ", "a/b", "a:b", ".", ".."])
def test_names_that_are_refused(client, bad):
    with pytest.raises(MlflowException) as refusal:
        client.create_registered_model(bad)
    assert refusal.value.error_code == "INVALID_PARAMETER_VALUE"


def test_a_second_model_of_the_same_name_is_refused(client, model):
    with pytest.raises(MlflowException, match="already") as refusal:
        client.create_registered_model(model)
    assert refusal.value.error_code == "RESOURCE_ALREADY_EXISTS"
    assert refusal.value.get_http_status_code() == 400


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_what_is_not_there(client, name):
    for call in (
        lambda: client.get_registered_model(name),
        lambda: client.update_registered_model(name, "new"),
        lambda: client.rename_registered_model(name, f"{name} 2"),
        lambda: client.delete_registered_model(name),
        lambda: client.set_registered_model_tag(name, "k", "v"),
        lambda: client.delete_registered_model_tag(name, "k"),
        lambda: client.set_registered_model_alias(name, "a", "1"),
        lambda: client.delete_registered_model_alias(name, "a"),
        lambda: client.get_model_version_by_alias(name, "a"),
        lambda: client.get_latest_versions(name),
        lambda: client.create_model_version(name, "s3://bucket/model"),
        lambda: client.get_model_version(name, "1"),
        lambda: client.get_model_version_download_uri(name, "1"),
    ):
        with pytest.raises(MlflowException) as refusal:
            call()
        assert refusal.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_update(client, model):
    before = client.get_registered_model(model)
    updated = client.update_registered_model(model, description="new")
    assert updated.description == "new"
    assert updated.last_updated_timestamp >= before.last_updated_timestamp
    client.update_registered_model(model, description="")
    assert not client.get_registered_model(model).description


def test_rename_keeps_everything(client, model):
    client.set_registered_model_tag(model, "team", "risk")
    client.create_model_version(model, "s3://bucket/model", await_creation_for=0)
    client.rename_registered_model(model, f"{model} renamed")
    renamed = client.get_registered_model(f"{model} renamed")
    assert (renamed.name, renamed.tags) == (f"{model} renamed", {"team": "risk"})
    assert [version.version for version in renamed.latest_versions] == ["1"]
    assert client.get_model_version(renamed.name, "1").name == renamed.name
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_registered_model(model)


def test_rename_onto_a_name_that_is_taken(client, model):
    other = f"{model} other"
    client.create_registered_model(other)
    with refused("RESOURCE_ALREADY_EXISTS"):
        client.rename_registered_model(model, other)


def test_a_deleted_model_begins_anew(client, model):
    client.create_model_version(model, "s3://bucket/model", await_creation_for=0)
    client.delete_registered_model(model)
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_registered_model(model)
    client.create_registered_model(model)
    assert client.create_model_version(model, "s3://bucket/model", await_creation_for=0).version == "1"


def test_tags(client, model):
    client.set_registered_model_tag(model, "team", "risk")
    client.set_registered_model_tag(model, "team", "fraud")
    client.set_registered_model_tag(model, "a/b-c.d_e f:g", "")
    client.delete_registered_model_tag(model, "nothing of the kind")
    assert client.get_registered_model(model).tags == {"team": "fraud", "a/b-c.d_e f:g": ""}
    client.delete_registered_model_tag(model, "team")
    assert client.get_registered_model(model).tags == {"a/b-c.d_e f:g": ""}


def test_long_tags(client, model):
    texts = {f"card {i}": chr(ord("a") + i) * 100_000 for i in range(5)}
    for key, text in texts.items():
        client.set_registered_model_tag(model, key, text)
    assert client.get_registered_model(model).tags == texts
    client.set_registered_model_tag(model, "card 0", "short")
    client.delete_registered_model_tag(model, "card 1")
    del texts["card 1"]
    assert client.get_registered_model(model).tags == {**texts, "card 0": "short"}
    found = client.search_registered_models(f"name = '{model}' AND tags.`card 2` LIKE 'cc%'")
    assert [each.name for each in found] == [model]


def test_tags_do_not_touch_the_time_of_the_last_update(client, model):
    before = client.get_registered_model(model).last_updated_timestamp
    client.set_registered_model_tag(model, "team", "risk")
    client.delete_registered_model_tag(model, "team")
    assert client.get_registered_model(model).last_updated_timestamp == before


@pytest.fixture(scope="module")
def mark(client) -> str:
    """What the names of four models begin with."""
    mark = f"search-{uuid.uuid4()}"
    for i, owner in enumerate(["Ann", "Bob", "Cid"]):
        client.create_registered_model(f"{mark} {i}", tags={"owner": owner, "mark": mark})
    client.create_registered_model(f"{mark} untagged")
    return mark


class TestSearch:
    @pytest.mark.parametrize(
        "condition, expected",
        [
            ("", ["0", "1", "2", "untagged"]),
            ("AND tags.owner = 'Ann'", ["0"]),
            ("AND tag.owner != 'Ann'", ["1", "2"]),
            ("AND tags.owner LIKE '%n%'", ["0"]),
            ("AND tags.owner LIKE 'B_b'", ["1"]),
            ("AND tags.owner LIKE 'b_b'", []),
            ("and tags.`owner` ilike 'b_B'", ["1"]),
            ('AND tags."owner" = "Cid"', ["2"]),
            ("AND name != '{mark} 1'", ["0", "2", "untagged"]),
        ],
    )
    def test_filters(self, client, mark, condition, expected):
        found = client.search_registered_models(f"name LIKE '{mark}%' {condition.format(mark=mark)}")
        assert [model.name.removeprefix(f"{mark} ") for model in found] == expected

    def test_names_in_a_list(self, client, mark):
        found = client.search_registered_models(f"name IN ('{mark} 0', '{mark} 2', 'nobody')")
        assert [model.name for model in found] == [f"{mark} 0", f"{mark} 2"]

    def test_order_and_pages(self, client, mark):
        names, token = [], None
        for _ in range(10):
            page = client.search_registered_models(
                f"name ILIKE '{mark.upper()}%'", max_results=3, order_by=["name DESC"], page_token=token
            )
            names += [model.name.removeprefix(f"{mark} ") for model in page]
            token = page.token
            if not token:
                break
        assert names == ["untagged", "2", "1", "0"]

    def test_order_by_time(self, client, mark):
        client.update_registered_model(f"{mark} 1", "newest")
        found = client.search_registered_models(f"name LIKE '{mark}%'", order_by=["last_updated_timestamp DESC"])
        assert found[0].name == f"{mark} 1"
        found = client.search_registered_models(f"name LIKE '{mark}%'", order_by=["timestamp ASC"])
        assert found[-1].name == f"{mark} 1"

    @pytest.mark.parametrize(
        "search",
        [
            {"filter_string": "owner = 'Ann'"},
            {"filter_string": "name = Ann"},
            {"filter_string": "name = 'a' OR name = 'b'"},
            {"filter_string": "name > 'a'"},
            {"filter_string": "name ="},
            {"filter_string": "name = 'a' AND"},
            {"filter_string": "tags.a IN ('b')"},
            {"order_by": ["owner"]},
            {"order_by": ["name SIDEWAYS"]},
            {"page_token": "nonsense"},
            {"max_results": 1001},
            {"max_results": 0},
        ],
        ids=str,
    )
    def test_what_cannot_be_read_is_refused(self, client, search):
        with pytest.raises(MlflowException) as refusal:
            client.search_registered_models(**search)
        assert refusal.value.error_code == "INVALID_PARAMETER_VALUE"

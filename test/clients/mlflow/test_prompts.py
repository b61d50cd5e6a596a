"""Prompts: registered models whose versions are texts in tags, READY without admission."""

import pytest
from mlflow.exceptions import MlflowException


@pytest.fixture
def prompt(client, prompt_name) -> str:
    client.register_prompt(prompt_name, "Say {{word}}", commit_message="first", tags={"tone": "polite"})
    return prompt_name


def test_register_and_load(client, prompt):
    second = client.register_prompt(prompt, "Shout {{word}}")
    assert second.version == 2
    loaded = client.get_prompt_version(prompt, "1")
    assert (loaded.template, loaded.commit_message) == ("Say {{word}}", "first")
    assert client.load_prompt(f"prompts:/{prompt}/2").format(word="hi") == "Shout hi"


def test_long_texts(client, prompt):
    text = "tell me more, " * 6_000
    version = client.register_prompt(prompt, text)
    assert client.get_prompt_version(prompt, str(version.version)).template == text


def test_aliases(client, prompt):
    client.set_prompt_alias(prompt, "production", 1)
    assert client.get_prompt_version_by_alias(prompt, "production").version == 1
    client.delete_prompt_alias(prompt, "production")
    with pytest.raises(MlflowException, match="alias"):
        client.get_prompt_version_by_alias(prompt, "production")


def test_searches_keep_prompts_and_models_apart(client, prompt, ready_model):
    models = {model.name for model in client.search_registered_models(max_results=1000)}
    prompts = {found.name for found in client.search_prompts(max_results=1000)}
    assert ready_model in models
    assert prompt not in models
    assert prompt in prompts
    assert ready_model not in prompts


def test_tags_and_deletion(client, prompt):
    client.set_prompt_tag(prompt, "owner", "ann")
    assert client.get_prompt(prompt).tags["owner"] == "ann"
    client.set_prompt_version_tag(prompt, "1", "tone", "rude")
    assert client.get_prompt_version(prompt, "1").tags["tone"] == "rude"
    client.delete_prompt_version(prompt, "1")
    client.delete_prompt(prompt)
    assert client.get_prompt(prompt) is None

"""Secrets are known by their form, and no message shows one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_deploycheck.checks.registry import Subject
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding, NothingToDecide, Severity
from pytest_deploycheck.plan import plan
from pytest_deploycheck.render.secret import is_named_secret, is_placeholder, secret_in, secrets_table
from pytest_deploycheck.settings import Settings

# As random as a real one; they are put together here, so that no scanner of this repository takes them for real ones.
LETTERS = "qV7nB2rTkYp4mWz9sHc6dLxJ3fGvA8eKuR5tNbQoSiPyMhDwZjXgCaEl1U0OIF" * 3

TOKENS = {
    "a private key": "-----BEGIN " + "PRIVATE KEY-----\nMIIEvQIBADANBgkq\n-----END PRIVATE KEY-----",
    "an AWS access key": "AKIA" + "Q7RTZ5VNBKYP4MWS"[:16],
    "an AWS secret access key": LETTERS[:40],
    "a GitHub token": "ghp" + "_" + LETTERS[:36],
    "a GitLab token": "glpat" + "-" + LETTERS[:20],
    "a Slack token": "xoxb" + "-" + LETTERS[:40],
    "a Slack webhook": "https://hooks.slack.com" + "/services/T02QX/B07ZK/" + LETTERS[:24],
    "a Discord webhook": "https://discord.com" + "/api/webhooks/9182/" + LETTERS[:60],
    "a Stripe key": "sk" + "_live_" + LETTERS[:24],
    "a Stripe test key": "sk" + "_test_" + LETTERS[:24],
    "a Stripe webhook secret": "whsec" + "_" + LETTERS[:32],
    "an Anthropic key": "sk-ant" + "-api03-" + LETTERS[:80],
    "an OpenAI key": "sk-proj" + "-" + LETTERS[:48],
    "a Groq key": "gsk" + "_" + LETTERS[:52],
    "a Hugging Face token": "hf" + "_" + "".join(each for each in LETTERS if each.isalpha())[:34],
    "a Telegram bot token": "8031557142" + ":AA" + LETTERS[:33],
    "a SendGrid key": "SG" + "." + LETTERS[:22] + "." + LETTERS[:43],
    "an npm token": "npm" + "_" + LETTERS[:36],
    "a PyPI token": "pypi" + "-AgEIcHlwaS5vcmc" + LETTERS[:60],
    "a Render API key": "rnd" + "_" + LETTERS[:28],
    "a Google API key": "AIza" + LETTERS[:35],
    "a signed token (JWT)": "eyJ" + LETTERS[:20] + ".eyJ" + LETTERS[:20] + "." + LETTERS[:30],
}


def of_variable(root: Path, key: str, value: str) -> list[Finding]:
    """What all checks of a blueprint have to say in which a service and a group have a variable."""
    shown = "".join(f"          {line}\n" for line in value.splitlines())
    entry = f"      - key: {key}\n        value: |-\n{shown}"
    blueprint = (
        "services:\n  - type: worker\n    name: jobs\n    runtime: image\n    image: {url: docker.io/org/app:v1}\n"
        f"    envVars:\n      - fromGroup: shared\n{entry}envVarGroups:\n  - name: shared\n    envVars:\n{entry}"
    )
    (root / "render.yaml").write_text(blueprint)
    deployment = Deployment(Settings(root=root, offline=True), {})
    found: list[Finding] = []
    for file in plan(deployment):
        for _, each in file.node_ids():
            if each.check.subject in (Subject.BLUEPRINT, Subject.SERVICE):
                try:
                    found += each.check.run(each.subject, deployment)
                except NothingToDecide:
                    continue
    return found


def test_each_kind_of_secret_is_tried() -> None:
    assert set(TOKENS) == {row["called"] for row in secrets_table()["secrets"]}


@pytest.mark.parametrize("called", TOKENS)
def test_a_secret_is_found_and_never_shown(called: str, tmp_path: Path) -> None:
    key = "AWS_SECRET_ACCESS_KEY" if called == "an AWS secret access key" else "VALUE"
    found = of_variable(tmp_path, key, TOKENS[called])
    said = [each for each in found if called in each.message]
    assert {each.check for each in said} == {"variables", "groups"}
    kind = secret_in(key, TOKENS[called])
    assert kind is not None
    assert {each.severity for each in said} == {Severity.ERROR if kind.is_certain else Severity.ADVICE}
    for line in TOKENS[called].splitlines():
        for part in (line, line[-16:], line[4:20]):
            assert not any(part in repr(each) or part in str(each) for each in found)


@pytest.mark.parametrize("value", ["postgres://shop:qV7nB2rT@db.example.net/shop", "correct horse battery"])
def test_what_may_be_a_password_is_not_shown(value: str, tmp_path: Path) -> None:
    found = of_variable(tmp_path, "DB_PASSWORD", value)
    assert [each.check for each in found if "stands in the blueprint" in each.message] == ["groups", "variables"]
    assert not any("qV7nB2rT" in repr(each) or "horse" in repr(each) for each in found)


@pytest.mark.parametrize(
    "value",
    [
        "AKIA" + "IOSFODNN7EXAMPLE",
        "sk-" + "x" * 48,
        "ghp" + "_" + "a" * 36,
        "1234567890:AAxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "sk-learn-is-no-key",
        "a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0",
    ],
)
def test_an_example_and_a_digest_are_no_secret(value: str) -> None:
    assert secret_in("VALUE", value) is None


@pytest.mark.parametrize(
    "value",
    [
        *("your-token-here", "YOUR_API_KEY", "https://your-app.onrender.com", "your own text", "info@yourdomain.com"),
        *("changeme", "please-change-this", "xxx", "sk-xxxxxxxx", "<token>", "TODO", "replace-with-secret"),
        *("insert your key", "...", "*****", "set in dashboard", "add-your-key-here"),
    ],
)
def test_a_placeholder(value: str) -> None:
    assert is_placeholder(value)


@pytest.mark.parametrize(
    "value",
    ["Welcome to your dashboard", "yourself", "production", "xxlarge", "maxxx", "todo list", "*", "", "a" * 100_000],
)
def test_no_placeholder(value: str) -> None:
    assert not is_placeholder(value)


@pytest.mark.parametrize(
    ("key", "value", "is_one"),
    [
        ("SECRET_KEY", "correct horse", True),
        ("AUTH_TOKEN", "correct horse", True),
        ("DB_PASSWORD", "hunter22", True),
        ("MAX_TOKENS", "4096 or so", False),
        ("TOKEN_URL", "somewhere", False),
        ("NEXT_PUBLIC_API_KEY", "correct horse", False),
        ("SECRET_KEY", "/etc/secrets/key", False),
        ("SECRET_KEY", "$OTHER_KEY", False),
        ("DB_PASSWORD", "pw", False),
    ],
)
def test_names_of_secrets(key: str, value: str, is_one: bool) -> None:
    assert is_named_secret(key, value) is is_one

"""What is to be written instead, and what cannot be shown by one small blueprint with one fault."""

from __future__ import annotations

import pytest

from pytest_deploycheck.render.blueprint import parse_blueprint
from pytest_deploycheck.render.fault import Fault
from pytest_deploycheck.render.parsing import parse_document
from pytest_deploycheck.render.references import References
from pytest_deploycheck.render.validation import entry_faults, service_subject

WORKER = "type: worker\nname: jobs\nruntime: node\n"


def faults(service: str) -> list[Fault]:
    entry = parse_document(service.encode(), "render.yaml")
    return list(entry_faults(entry, "service", service_subject(entry, "jobs")))


@pytest.mark.parametrize(
    ("fields", "fix"),
    [
        ("buidCommand: x", "write buildCommand"),
        ("postdeployCommand: x", "preDeployCommand runs before each deploy, initialDeployHook once after the first"),
        ("healthCheckTimeout: 3", "only healthCheckPath can be set: how long is waited cannot"),
        ("quantumTunnel: 3", "leave it out, or look it up"),
        ("expireAfterDays: 3", "leave it out, or look it up"),
        ("x-env: 3", "leave it out, or look it up"),
        ("databaseName: x", "it is a field of a database: move it there"),
        ("schedule: x", "leave schedule out"),
        ("region: frankfrut", "write region: frankfurt"),
        ("region: moon", "write one of oregon, ohio, virginia, frankfurt, singapore"),
        ("autoDeploy: false", "write autoDeployTrigger: off"),
        ("autoDeploy: true", "write autoDeployTrigger: commit"),
        ("pullRequestPreviewsEnabled: false", "leave it out: there are none unless previews asks for them"),
        ("autoDeployTrigger: commits", "write autoDeployTrigger: commit"),
        ("maxShutdownDelaySeconds: '30'", "write maxShutdownDelaySeconds: 30"),
        ("maintenanceMode: {enabled: yes}", "write enabled: true"),
        ("maintenanceMode: {enabled: 'false'}", "write enabled: false"),
        ("branch: 1.0", 'write branch: "1.0"'),
    ],
)
def test_the_first_fix_says_what_to_write(fields: str, fix: str) -> None:
    found = faults(f"{WORKER}{fields}\n")
    assert fix in [each.fix[0] for each in found if each.fix]


@pytest.mark.parametrize(
    ("service", "fix"),
    [
        ("type: psql\nname: db\n", "list it below databases: at the top level, without a type"),
        ("type: static_site\nname: site\n", "write type: web with runtime: static"),
        ("type: wroker\nname: jobs\nruntime: node\n", "write type: worker"),
        ("name: jobs\nruntime: node\n", "add type: web | pserv | worker | cron | keyvalue | workflow"),
        ("type: keyvalue\nname: cache\n", "add ipAllowList: [] for connections from Render alone"),
        ("type: cron\nname: c\nruntime: node\n", 'add schedule: "0 * * * *"'),
        ("type: web\nname: s\nruntime: static\n", "add staticPublishPath: ./dist"),
        ("type: worker\nname: jobs\nenv: node\n", "write runtime: node"),
        ("type: redis\nname: jobs\nipAllowList: []\n", "write type: keyvalue"),
    ],
)
def test_what_a_service_is_may_need_a_fix(service: str, fix: str) -> None:
    assert [each.fix for each in faults(service)] == [(fix,)]


@pytest.mark.parametrize(
    "fields",
    [
        "plan: Starter",
        "plan: pro_plus",
        "plan: pro plus",
        "plan: 12c-96g",
        "autoDeployTrigger: off",
        "autoDeployTrigger: 'off'",
        "branch:",
        "envVars:",
        "numInstances: 2.0",
        "numInstances: 1\ndisk: {name: a, mountPath: /a}",
        "envVars: [{key: A, value: true}, {key: B, value: 3.10}, {key: C, value: ''}]",
        "envVars: [{key: A, value: x, generateValue: false}, {key: B, value: x, sync: true}]",
        "envVars: [{key: PORT, value: '8080'}, {key: OTHER_PORT, value: x}]",
        "previews: {generation: off}",
    ],
)
def test_what_render_takes_is_no_fault(fields: str) -> None:
    assert faults(f"{WORKER}{fields}\n") == []


def test_of_a_workflow_too_little_is_documented_to_miss_it_anything() -> None:
    workflow = "type: workflow\nname: agents\nruntime: python\nplan: starter\nhealthCheckPath: /up\n"
    assert faults(workflow) == []


def test_of_an_unknown_type_only_the_type_is_said() -> None:
    found = faults("type: psql\nname: db\nschedule: x\nipAllowList: []\nstaticPublishPath: x\n")
    assert [each.field for each in found] == ["type"]


def test_a_merged_field_is_shown_where_it_is_written() -> None:
    blueprint = parse_blueprint(
        b"base: &base\n  buidCommand: x\nservices:\n  - <<: *base\n    type: worker\n    name: a\n    runtime: go\n",
        "r",
    )
    (service,) = blueprint.services
    (fault,) = entry_faults(service.fields, "service", service_subject(service.fields, service.name))
    assert (fault.location.line, fault.location.column, fault.message) == (
        2,
        3,
        "a has the unknown field 'buidCommand'",
    )


def references(text: str) -> list[Fault]:
    blueprint = parse_blueprint(text.encode(), "render.yaml")
    resources = References(blueprint)
    return [fault for service in blueprint.services for fault in resources.faults(service)]


def variable(source: str) -> str:
    return f"services: [{{type: worker, name: jobs, envVars: [{{key: A, {source}}}]}}]\n"


@pytest.mark.parametrize(
    ("source", "fix"),
    [
        ("fromDatabase: {name: mian, property: host}", "write main"),
        (
            "fromService: {name: main, type: pserv, property: host}",
            "write fromDatabase in place of fromService, without type",
        ),
        ("fromService: {name: jobs, type: web, envVarKey: A}", "write type: worker"),
        (
            "fromService: {name: gone, type: worker, property: host}",
            "it cannot be reached by others: take a value from another service",
        ),
        ("fromService: {name: gone, type: pserv, property: connectionString}", "write one of host, port, hostport"),
        ("fromService: {name: jobs, type: worker, envVarKey: a}", "write A"),
    ],
)
def test_a_reference_is_mended_by_its_fix(source: str, fix: str) -> None:
    found = references(variable(source) + "databases: [{name: main}]\n")
    assert fix in [each.fix[0] for each in found if each.fix]


@pytest.mark.parametrize(
    "source",
    [
        "fromDatabase: {name: replica, property: host}",
        "fromService: {name: jobs, type: worker, envVarKey: RENDER_EXTERNAL_URL}",
        "fromService: {name: jobs, type: worker, envVarKey: A}",
        "fromService: {name: flow, type: workflow, property: host}",
    ],
)
def test_what_is_there_can_be_referred_to(source: str) -> None:
    rest = "databases: [{name: main, readReplicas: [{name: replica}]}]\n"
    text = variable(source).replace("services: [", "services: [{type: workflow, name: flow, runtime: python}, ") + rest
    assert references(text) == []


def test_a_variable_of_a_group_outside_the_blueprint_may_be_there() -> None:
    text = (
        "services:\n  - {type: pserv, name: auth, envVars: [{fromGroup: outside}]}\n"
        "  - {type: worker, name: jobs, envVars: [{key: A, fromService: {name: auth, type: pserv, envVarKey: T}}]}\n"
    )
    assert [each.message for each in references(text)] == [
        "auth refers to the group outside, which is not in the blueprint"
    ]


@pytest.mark.parametrize(("there", "here"), [("", "e"), ("e", ""), ("ungrouped", "e"), ("e", "e"), ("", "ungrouped")])
def test_scopes_that_may_share_an_environment_see_each_other(there: str, here: str) -> None:
    database = "databases: [{name: db}]"
    service = "services: [{type: worker, name: jobs, envVars: [{key: A, fromDatabase: {name: db, property: host}}]}]"
    placed: dict[str, list[str]] = {"": [], "ungrouped": [], "e": []}
    placed[there].append(database)
    placed[here].append(service)
    environment = ", ".join(["name: e", *placed["e"]])
    text = "\n".join(
        [
            *placed[""],
            f"ungrouped: {{{', '.join(placed['ungrouped'])}}}",
            f"projects: [{{name: p, environments: [{{{environment}}}]}}]\n",
        ]
    )
    assert references(text) == []

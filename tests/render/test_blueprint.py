"""The blueprint's services."""

from __future__ import annotations

from pytest_deploycheck.render.blueprint import Service, ValueFrom, parse_blueprint


def services(text: str) -> tuple[Service, ...]:
    return parse_blueprint(text.encode(), "render.yaml").services


def test_a_service_with_its_fields() -> None:
    (service,) = services(
        "services:\n"
        "  - type: web\n    name: api\n    env: python\n    rootDir: backend\n"
        "    buildCommand: make\n    healthCheckPath: /up\n"
    )
    assert (service.name, service.location.line) == ("api", 2)
    fields = (service.type, service.runtime, service.root_dir, service.build_command, service.health_check_path)
    assert [field and field.text for field in fields] == ["web", "python", "backend", "make", "/up"]
    assert service.is_native_python
    assert service.is_web


def test_a_static_site_is_no_web_service() -> None:
    (site,) = services("services: [{type: web, name: site, runtime: static}]")
    assert not site.is_web
    assert not site.is_native_python


def test_services_of_projects_and_of_no_project() -> None:
    found = services(
        "services: [{name: one}]\n"
        "ungrouped: {services: [{name: two}]}\n"
        "projects:\n  - name: p\n    environments:\n      - {name: prod, services: [{name: three}]}\n"
        "      - {name: dev, services: [{name: four}]}\n"
    )
    assert [each.name for each in found] == ["one", "two", "three", "four"]


def test_names_are_fit_for_node_ids_and_unique() -> None:
    found = services("services: [{name: a}, {name: a}, {type: web}, {type: web}, {name: 'b::c [d]'}]")
    assert [each.name for each in found] == ["a", "a#2", "unnamed", "unnamed#2", "b:c (d)"]


def test_variables_of_groups_come_after_its_own() -> None:
    (service,) = services(
        "envVarGroups:\n  - name: shared\n    envVars: [{key: A, value: 1}, {key: B, value: 2}]\n"
        "services:\n  - name: api\n    envVars:\n"
        "      - {key: B, value: own}\n      - fromGroup: shared\n      - {key: C, sync: false}\n"
        "      - fromGroup: gone\n"
    )
    values = {key: each.value and each.value.text for key, each in service.environment.items()}
    assert values == {"A": "1", "B": "own", "C": None}


def test_a_group_of_another_environment_is_not_seen_and_one_of_none_is() -> None:
    api, worker = services(
        "envVarGroups: [{name: for all, envVars: [{key: A, value: 1}]}]\n"
        "ungrouped: {envVarGroups: [{name: loose, envVars: [{key: C, value: 1}]}]}\n"
        "projects:\n  - name: p\n    environments:\n      - name: e\n        services:\n"
        "          - {name: api, envVars: [{fromGroup: for all}, {fromGroup: of f}, {fromGroup: loose}]}\n"
        "      - name: f\n        services: [{name: worker, envVars: [{fromGroup: of f}]}]\n"
        "        envVarGroups: [{name: of f, envVars: [{key: B, value: 2}]}]\n"
    )
    assert list(api.environment) == ["A", "C"]
    assert list(worker.environment) == ["B"]


def test_what_is_of_another_shape_is_passed_over() -> None:
    assert services("services: {name: api}") == ()
    assert services("services: [api, 1, null]") == ()
    (service,) = services("services: [{name: [a], envVars: {key: A}, buildCommand: {x: y}}]")
    assert (service.name, service.environment, service.build_command) == ("unnamed", {}, None)


def test_where_each_variable_has_its_value_from() -> None:
    (service,) = services(
        "services:\n  - name: api\n    envVars:\n"
        "      - {key: A, value: x}\n      - {key: B, generateValue: true}\n      - {key: C, sync: false}\n"
        "      - {key: D, fromDatabase: {name: db, property: host}}\n"
        "      - {key: E, fromService: {name: auth, type: pserv, envVarKey: TOKEN}}\n      - {key: F}\n"
        "      - {key: G, generateValue: false, value: y}\n      - fromGroup: shared\n"
        "envVarGroups: [{name: shared, envVars: [{key: H, value: z}]}]\n"
    )
    found = {key: each.comes_from for key, each in service.environment.items()}
    assert found == {
        "A": ValueFrom.LITERAL,
        "B": ValueFrom.GENERATED,
        "C": ValueFrom.DASHBOARD,
        "D": ValueFrom.DATABASE,
        "E": ValueFrom.SERVICE,
        "F": ValueFrom.UNKNOWN,
        "G": ValueFrom.LITERAL,
        "H": ValueFrom.LITERAL,
    }
    database, other = service.environment["D"].reference, service.environment["E"].reference
    assert database is not None
    assert other is not None
    assert (database.name.text, database.property and database.property.text) == ("db", "host")
    assert (other.name.text, other.type and other.type.text, other.variable and other.variable.text) == (
        "auth",
        "pserv",
        "TOKEN",
    )
    assert (service.environment["H"].group, service.environment["A"].group) == ("shared", "")
    assert [name.text for name in service.groups] == ["shared"]


def test_databases_and_groups_with_where_they_are_listed() -> None:
    blueprint = parse_blueprint(
        b"databases: [{name: db, plan: free, readReplicas: [{name: copy}]}]\n"
        b"ungrouped: {envVarGroups: [{name: shared, envVars: [{key: A, value: 1}]}]}\n"
        b"projects: [{name: p, environments: [{name: e, databases: [{plan: free}]}]}]\n",
        "render.yaml",
    )
    first, second = blueprint.databases
    (group,) = blueprint.groups
    assert (first.name, first.plan and first.plan.text, [each.text for each in first.replicas]) == (
        "db",
        "free",
        ["copy"],
    )
    assert (second.name, second.given_name, second.location.line) == ("unnamed", None, 3)
    assert list(group.environment) == ["A"]
    assert [each.scope and each.scope.name for each in (first, group, second)] == [
        "the top level",
        "ungrouped",
        "e of p",
    ]

"""The deployment file names only what exists: commands, build file, variables, ports, users, groups."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from cop.bus.acl import RULES, acl_file
from dashboard.cli import main
from dashboard.plan import groups, plan
from dashboard.settings import SETTINGS, load

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
KNOWN = {setting.name for setting in SETTINGS}


@pytest.mark.parametrize("name", OURS)
def test_a_service_is_built_from_a_file_that_copies_what_exists(name: str) -> None:
    build = OURS[name]["build"]
    file = ROOT / build["context"] / build["dockerfile"]
    text = file.read_text("utf-8")
    for line in re.findall(r"^COPY (.+)$", text, re.M):
        for copied in line.split()[:-1]:
            assert (ROOT / build["context"] / copied).exists(), copied
    for variable in re.findall(r"^ENV (\w+)=", text, re.M):
        assert variable in KNOWN
    assert 'ENTRYPOINT ["cop"]' in text
    assert "cop = " in (ROOT / "pyproject.toml").read_text("utf-8")


@pytest.mark.parametrize("name", OURS)
def test_a_command_is_one_of_ours(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = OURS[name]["command"]
    with pytest.raises(SystemExit) as ended:
        main([command[0], "--help"])
    assert ended.value.code == 0
    assert f"cop {command[0]}" in capsys.readouterr().out


@pytest.mark.parametrize("name", [n for n in OURS if OURS[n]["command"][0] == "worker"])
def test_a_worker_group_exists_and_every_group_has_a_service(name: str) -> None:
    named = set(groups(plan(load({"COP_DEMO": "1"}))))
    assert OURS[name]["command"][1] in named
    assert {s["command"][1] for s in OURS.values() if s["command"][0] == "worker"} == named


@pytest.mark.parametrize("name", SERVICES)
def test_a_variable_is_a_setting(name: str) -> None:
    for variable, value in SERVICES[name].get("environment", {}).items():
        if name != "redis":
            assert variable in KNOWN
        for used in re.findall(r"\$\{(\w+)", str(value)):
            assert used in KNOWN


def test_each_service_has_the_password_of_its_role_and_no_other() -> None:
    roles = {f"worker-{domain}": {"feeds"} for domain in ("land", "maritime", "air", "cyber")}
    roles["worker-exercise"] = {"exercise"}
    roles |= {"keeper": {"keeper", "desk", "exercise"}, "dashboard": {"dashboard", "desk", "exercise"}}
    roles["acl"] = set(RULES)
    for name, service in OURS.items():
        given = {v for v in service["environment"] if v.startswith("COP_REDIS_PASSWORD_")}
        assert given == {f"COP_REDIS_PASSWORD_{role.upper()}" for role in roles[name]}


def test_the_port_published_is_the_port_served_on_loopback_with_room_for_replicas() -> None:
    dashboard = SERVICES["dashboard"]
    (published,) = dashboard["ports"]
    host, outside, inside = published.split(":")
    first, last = outside.split("-")
    assert host == "127.0.0.1"
    assert int(last) > int(first)
    assert inside == dashboard["environment"]["COP_PORT"]
    assert f":{inside}/api/v1/health" in dashboard["healthcheck"]["test"][-1]
    assert "container_name" not in dashboard


def test_volumes_are_named_and_used_and_everything_waits_for_a_healthy_redis() -> None:
    mounted = {mount.split(":")[0] for s in SERVICES.values() for mount in s.get("volumes", ())}
    assert mounted == set(COMPOSE["volumes"])
    for name, service in OURS.items():
        if name != "acl":
            assert service["depends_on"]["redis"]["condition"] == "service_healthy"
    assert "healthcheck" in SERVICES["redis"]


def test_the_acl_file_is_written_where_redis_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert SERVICES["acl"]["command"][1] in SERVICES["redis"]["command"]
    for role in RULES:
        monkeypatch.setenv(f"COP_REDIS_PASSWORD_{role.upper()}", f"secret-of-{role}")
    assert main(["acl", str(tmp_path / "users.acl")]) == 0
    assert (tmp_path / "users.acl").read_text("utf-8") == acl_file({role: f"secret-of-{role}" for role in RULES})


def test_a_missing_password_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for role in RULES:
        monkeypatch.delenv(f"COP_REDIS_PASSWORD_{role.upper()}", raising=False)
    assert main(["acl"]) == 2
    assert "password" in capsys.readouterr().err

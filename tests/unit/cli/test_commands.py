"""Every command that runs nothing, through the command line itself, on the examples."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from genkan.cli import genkan
from genkan.infrastructure.host.records import StoredReport, write_report
from genkan.infrastructure.host.state import Served, write_served
from genkan.model import ObjectKey
from tests.support import examples

STAGE_HOLDS: dict[str, Callable[[Any], bool]] = {
    "ir": lambda ir: bool(ir["traffic"]["listeners"]) and bool(ir["traffic"]["virtual_hosts"]),
    "envoy": lambda resources: {"listeners", "routes", "clusters"} <= resources.keys(),
    "workload": lambda workload: any("envoy" in word for word in workload["command"]),
    "status": lambda conditions: isinstance(conditions, list),
}
"""What each stage of `genkan translate` holds for any Ingress."""


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(genkan, [str(word) for word in words])


def flags(name: str) -> list[str]:
    return [f"--backend={service}=127.0.0.1:9001" for service in examples.services(name)]


def ingresses(manifests: Path) -> list[dict[str, Any]]:
    """The Ingresses of an example, as an API server would return them."""
    documents = [each for file in sorted(manifests.glob("*.yaml")) for each in yaml.safe_load_all(file.read_text())]
    found = [each for each in documents if each and each["kind"] == "Ingress"]
    for each in found:
        each["metadata"].setdefault("namespace", "default")
    return found


@pytest.mark.parametrize("name", examples.NAMES)
@pytest.mark.parametrize("stage", STAGE_HOLDS)
def test_translate(name: str, stage: str, tmp_path: Path) -> None:
    """One YAML document for each Ingress, none with a private key."""
    manifests = examples.prepare(name, tmp_path)
    result = run("translate", manifests, "--to", stage, *flags(name))
    assert result.exit_code == 0, result.output
    documents = list(yaml.safe_load_all(result.stdout))
    expected = [f"{each['metadata']['namespace']}/{each['metadata']['name']}" for each in ingresses(manifests)]
    assert [each["ingress"] for each in documents] == sorted(expected)
    assert all(STAGE_HOLDS[stage](each[stage]) for each in documents)
    assert "PRIVATE KEY" not in result.output


@pytest.mark.parametrize("name", examples.NAMES)
def test_validate(name: str, tmp_path: Path) -> None:
    """Exit code 0 and no mistakes, but for the example that is full of them."""
    result = run("validate", examples.prepare(name, tmp_path), *flags(name))
    mistaken = name == "mistakes"
    assert result.exit_code == (1 if mistaken else 0), result.output
    assert ("no mistakes" in result.stderr) is not mistaken
    assert bool(result.stdout) is mistaken


@pytest.mark.parametrize("name", examples.NAMES)
def test_explain(name: str, tmp_path: Path) -> None:
    """The request's URL first, the quoted manifest and an answer in the end, for each Ingress."""
    manifests = examples.prepare(name, tmp_path)
    state = tmp_path / "state"
    write_served(state, Served(str(manifests), tuple(flag.removeprefix("--backend=") for flag in flags(name))))
    for each in ingresses(manifests):
        result = run("explain", each["metadata"]["name"], "--state-dir", state)
        assert result.exit_code == 0, result.output
        assert result.stdout.startswith("http://")
        assert "\nanswer: " in result.stdout or "\nbackend: " in result.stdout
        if "\nbackend: " in result.stdout:
            assert " | " in result.stdout


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory with what serve would have reported of the quickstart."""
    folder = tmp_path / "state"
    for each in ingresses(examples.EXAMPLES / "quickstart"):
        name = each["metadata"]["name"]
        each["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
        each["status"] = {"loadBalancer": {"ingress": [{"ip": "127.1.2.3", "ports": [{"port": 80}]}]}}
        event = {
            "metadata": {"name": f"{name}.1", "namespace": "default"},
            "eventTime": "2026-01-01T00:00:01.000000Z",
            "type": "Normal",
            "reason": "Adopted",
            "regarding": {"kind": "Ingress", "namespace": "default", "name": name},
            "note": f"about {name}",
        }
        write_report(folder, ObjectKey("default", name), StoredReport(each, (event,)))
    return folder


@pytest.mark.parametrize("output", [(), ("-o", "wide")], ids=["table", "wide"])
@pytest.mark.parametrize("kind", ["ingress", "events"])
def test_get_as_a_table(kind: str, output: tuple[str, ...], state: Path) -> None:
    """A heading and a line for each."""
    result = run("get", kind, "--state-dir", state, *output)
    assert result.exit_code == 0, result.output
    heading, *lines = result.stdout.splitlines()
    assert heading.split()[0] == ("NAME" if kind == "ingress" else "LAST")
    assert len(lines) == 3
    assert all("127.1.2.3" in line if kind == "ingress" else "about " in line for line in lines)


@pytest.mark.parametrize(("output", "parse"), [("json", json.loads), ("yaml", yaml.safe_load)])
@pytest.mark.parametrize(("kind", "name"), [("ingress", "shop"), ("events", "shop.1")])
def test_get_as_a_list(output: str, parse: Callable[[str], Any], kind: str, name: str, state: Path) -> None:
    """A List for many, the object itself for one."""
    found = parse(run("get", kind, "-A", "-o", output, "--state-dir", state).stdout)
    assert found["kind"] == "List"
    assert len(found["items"]) == 3
    one = parse(run("get", kind, name, "-o", output, "--state-dir", state).stdout)
    assert one["metadata"]["name"] == name
    assert one in found["items"]


def test_get_what_is_not_there(state: Path) -> None:
    """As kubectl: nothing in a namespace is no mistake, a name that is not there is one."""
    nothing = run("get", "ingress", "-n", "other", "--state-dir", state)
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert "No resources found in other namespace" in nothing.stderr
    missing = run("get", "ingress", "missing", "--state-dir", state)
    assert missing.exit_code == 1
    assert "'missing' not found" in missing.output

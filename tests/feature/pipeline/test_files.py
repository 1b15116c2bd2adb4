"""Files as people edit them: nothing is believed too soon, nothing good is lost to a bad file."""

import json
from pathlib import Path

import pytest

from tests.feature.pipeline.asking import becomes, put_backends, who
from tests.support.manifests import Manifest, backend, ingress, path, rule, text
from tests.support.serve import Front, Serve
from tests.support.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


def to(name: str, service: str) -> Manifest:
    return ingress(name, default=backend(service))


async def up(serve: Serve, addresses: dict[str, str], name: str) -> Front:
    put_backends(serve, addresses)
    serve.write(f"{name}.yaml", to(name, "red"))
    front = await serve.front(name)
    await becomes(front.plain, "red")
    return front


async def mark(serve: Serve, name: str) -> None:
    """Another file is written and applied: whatever was seen before it has been dealt with."""
    serve.write(f"{name}-mark.yaml", to(f"{name}-mark", "red"))
    await serve.front(f"{name}-mark")
    serve.remove(f"{name}-mark.yaml")


async def test_an_editor_that_truncates_then_writes(serve: Serve, addresses: dict[str, str]) -> None:
    """The empty moment deletes nothing: the same process serves on, with the new text."""
    front = await up(serve, addresses, "truncated")
    pid = serve.data_planes()["default/truncated"]
    file = serve.manifests / "truncated.yaml"
    for service in ("green", "red", "green"):
        with file.open("w") as stream:
            stream.flush()
            assert await who(front.plain) in {"red", "green"}
            stream.write(text([to("truncated", service)]))
        await becomes(front.plain, service)
    assert serve.data_planes()["default/truncated"] == pid


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("syntax", "kind: Ingress\nmetadata: {name: [", id="no YAML"),
        pytest.param(
            "half", "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: half\nspec:\n  rul", id="half"
        ),
        pytest.param("nul", "\0\0\0", id="no text"),
    ],
)
async def test_a_file_that_cannot_be_read_keeps_its_objects(
    serve: Serve, addresses: dict[str, str], name: str, content: str
) -> None:
    """Its Ingress serves on until it is repaired, and nothing else waits for it."""
    front = await up(serve, addresses, name)
    serve.write_text(f"{name}.yaml", content)
    await mark(serve, name)
    assert await who(front.plain) == "red"
    serve.write(f"{name}.yaml", to(name, "green"))
    await becomes(front.plain, "green")


async def test_moving_an_object_between_files_is_no_deletion(serve: Serve, addresses: dict[str, str]) -> None:
    """The same process serves before and after."""
    front = await up(serve, addresses, "wanderer")
    pid = serve.data_planes()["default/wanderer"]
    serve.write("deeper/down/elsewhere.yml", to("wanderer", "red"))
    serve.remove("wanderer.yaml")
    await mark(serve, "wanderer")
    assert await who(front.plain) == "red"
    (serve.manifests / "deeper").rename(serve.manifests / "renamed")
    await mark(serve, "wanderer")
    assert await who(front.plain) == "red"
    assert serve.data_planes()["default/wanderer"] == pid


async def test_json_lists_and_many_documents(serve: Serve, addresses: dict[str, str]) -> None:
    """What kubectl would take."""
    put_backends(serve, addresses)
    items = {"apiVersion": "v1", "kind": "List", "items": [to("in-list", "red"), to("in-list-too", "green")]}
    serve.write_text("list.json", json.dumps(items, indent="\t"))
    assert await who((await serve.front("in-list")).plain) == "red"
    assert await who((await serve.front("in-list-too")).plain) == "green"


async def test_a_secret_file_as_a_volume_mounts_it(serve: Serve, addresses: dict[str, str]) -> None:
    """A folder reached by a symbolic link that is switched atomically, as the kubelet does for a ConfigMap volume."""
    put_backends(serve, addresses)
    root = serve.manifests / "volume"
    for version, service in (("..v1", "red"), ("..v2", "green")):
        (root / version).mkdir(parents=True)
        (root / version / "mounted.yaml").write_text(text([to("mounted", service)]))
    switch(root, "..v1")
    (root / "mounted.yaml").symlink_to("..data/mounted.yaml")
    front = await serve.front("mounted")
    await becomes(front.plain, "red")
    switch(root, "..v2")
    await becomes(front.plain, "green")


def switch(root: Path, version: str) -> None:
    new = root / "..data_tmp"
    new.symlink_to(version)
    new.replace(root / "..data")


async def test_a_burst_of_edits_ends_with_the_last(serve: Serve, addresses: dict[str, str]) -> None:
    """A hundred writes in a row: what is served in the end is what stands in the file."""
    front = await up(serve, addresses, "burst")
    for number in range(100):
        serve.write("burst.yaml", ingress("burst", rule("", path("/", "red"), path(f"/{number}", "green"))))
    await becomes(front.plain, "green", "/99")
    assert await who(front.plain, "/98") == "red"


async def test_nothing_is_deleted_across_a_restart_while_a_file_is_unreadable(
    serve: Serve, addresses: dict[str, str]
) -> None:
    """The file breaks, serve is killed and started: the Ingress that the file held is still served, until the file says otherwise."""
    front = await up(serve, addresses, "kept")
    pid = serve.data_planes()["default/kept"]
    serve.write_text("kept.yaml", "kind: [")
    await serve.kill()
    await serve.start()
    await mark(serve, "kept")
    assert await who(front.plain) == "red"
    assert serve.data_planes()["default/kept"] == pid
    serve.write_text("kept.yaml", "")
    await until(lambda: "default/kept" not in serve.data_planes(), 15, what="the data plane to be gone")

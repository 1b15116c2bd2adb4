"""The stages of a golden case: each takes a file of the case and gives the text of the next.

    in.yaml ─ ir ─▶ ir.yaml ─ envoy ─▶ envoy.yaml     (reads ir.yaml, not what made it: the chain cannot come apart)
       └───── status ─▶ status.yaml    └─ workload ─▶ workload.yaml

`case.yaml` holds title, why, and optionally `settings` and `capabilities` (fields that differ from their defaults), `kept` (Secret name to
the fixture that was published last for it) and `stages` (which, when not ir, status and envoy). The IngressClass `genkan` is there as if installed.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from genkan.dataplanes.envoy.render import render
from genkan.dataplanes.envoy.text import to_text as envoy_text
from genkan.dataplanes.envoy.workload import workload
from genkan.dataplanes.envoy.xds.snapshot import Snapshot
from genkan.ir import Binding, Capabilities, Certificate, Origin, PrivateBytes
from genkan.ir.text import Document, contents_of, dump, load, to_plain, to_yaml
from genkan.model import Ingress, IngressClass, IngressClassSpec, ObjectMeta
from genkan.settings import CONTROLLER, Settings
from genkan.translate import Translation
from genkan.translate.ingress import translate
from genkan.translate.ingress.adoption import Adoption, adopt
from genkan.translate.ingress.keypair import KeyPair, read_key_pair
from tests.support.objects import FIXTURES, decode, fixture, inputs

FOLDER = Path(__file__).parent
INPUTS = ("case.yaml", "in.yaml")
DEFAULT_STAGES = ("ir", "status", "envoy")
CLASS = IngressClass(ObjectMeta(name="genkan"), IngressClassSpec(controller=CONTROLLER))
COMMON = "default-backend-only"
"""The case whose envoy.yaml is written in full."""
MANAGER = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_ALWAYS = frozenset({"name", "@type", "address", "virtual_hosts"})
BINDING = Binding(
    address="127.0.0.2",
    ports={80: 10080, 443: 10443},
    control_plane="/run/genkan/xds.sock",
    admin="/run/genkan/admin.sock",
    readiness="/run/genkan/ready.sock",
    config_dir="/run/genkan/config",
    state_dir="/var/lib/genkan",
)


@dataclass(frozen=True)
class Case:
    """One folder: a behaviour."""

    folder: Path

    @cached_property
    def options(self) -> dict[str, Any]:
        """`case.yaml`."""
        options: dict[str, Any] = yaml.safe_load((self.folder / "case.yaml").read_text())
        unknown = set(options) - {"title", "why", "settings", "capabilities", "kept", "stages"}
        assert not unknown, f"case.yaml: unknown {unknown}"
        assert options["title"], options["why"]
        return options

    @cached_property
    def stages(self) -> tuple[str, ...]:
        """The names of its stages, in order."""
        return tuple(self.options.get("stages", DEFAULT_STAGES))

    @cached_property
    def settings(self) -> Settings:
        """The settings of the case."""
        return Settings(**self.options.get("settings", {}))

    def give(self, stage: str) -> str:
        """The text that a stage gives now."""
        stages = {"ir": self._ir, "status": self._status, "envoy": self._envoy, "workload": self._workload}
        return stages[stage]()

    def snapshot(self) -> Snapshot:
        """What Envoy would be given."""
        document = self._document()
        return render(document.traffic, document.endpoints, BINDING, self.settings).snapshot

    @cached_property
    def _manifests(self) -> list[dict[str, Any]]:
        return [document for document in yaml.safe_load_all((self.folder / "in.yaml").read_text()) if document]

    @cached_property
    def _adoption(self) -> Adoption:
        objects = [decode(manifest) for manifest in self._manifests]
        (ingress,) = (item for item in objects if isinstance(item, Ingress))
        classes = [CLASS, *(item for item in objects if isinstance(item, IngressClass))]
        return adopt(ingress, {item.metadata.name: item for item in classes}, self.settings)

    @cached_property
    def _translation(self) -> Translation:
        kept = {name: _certificate(name, pair) for name, pair in self.options.get("kept", {}).items()}
        capabilities = Capabilities(**self.options.get("capabilities", {}))
        return translate(inputs(self._manifests), self.settings, capabilities, kept)

    def _ir(self) -> str:
        return dump(Document(self._translation.traffic, self._translation.endpoints))

    def _status(self) -> str:
        adoption = self._adoption
        conditions = {adoption.condition} if adoption.condition else set()
        if adoption.adopted:
            conditions = {*self._translation.conditions, *self._translation.endpoint_conditions}
        return to_yaml({"adopted": adoption.adopted, "conditions": to_plain(tuple(sorted(conditions)))})

    def _document(self) -> Document:
        return load(Document, (self.folder / "ir.yaml").read_text(), _fixture_contents())

    def _envoy(self) -> str:
        plain = envoy_text(self.snapshot())
        if self.folder.name == COMMON:
            return to_yaml({kind: items for kind, items in plain.items() if items})
        common = envoy_text(Case(FOLDER / COMMON).snapshot())
        return f"# What is the same in {COMMON}/envoy.yaml is left out.\n" + to_yaml(abridge(plain, common))

    def _workload(self) -> str:
        return dump(workload("shop/web", BINDING, self.settings, "/usr/bin/envoy"))


def abridge(plain: dict[str, Any], common: dict[str, Any]) -> dict[str, Any]:
    """Leave out of listeners, routes and clusters what every one of them has, so that a case shows what it is about."""
    parts = _parts(common)
    manager = next(part for part in parts if part.get("@type") == MANAGER)
    retries = [part["retry_policy"] for part in parts if "retry_policy" in part]
    shown = {
        kind: [_abridge(_without(item, common[kind][0]), manager, retries) for item in plain[kind]]
        for kind in ("listeners", "routes", "clusters")
    }
    return {kind: items for kind, items in (plain | shown).items() if items}


def _abridge(node: Any, manager: dict[str, Any], retries: list[Any]) -> Any:
    if isinstance(node, dict):
        node = _without(node, manager) if node.get("@type") == MANAGER else node
        kept = {key: value for key, value in node.items() if key != "retry_policy" or value not in retries}
        return {key: _abridge(value, manager, retries) for key, value in kept.items()}
    return [_abridge(item, manager, retries) for item in node] if isinstance(node, list) else node


def _without(item: dict[str, Any], common: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key in _ALWAYS or common.get(key) != value}


def _parts(node: Any) -> list[dict[str, Any]]:
    children = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
    return [*([node] if isinstance(node, dict) else []), *(part for child in children for part in _parts(child))]


def cases() -> list[Case]:
    """Every case, by name."""
    return [Case(folder) for folder in sorted(FOLDER.iterdir()) if folder.is_dir() and folder.name != "__pycache__"]


def _fixture_contents() -> dict[str, bytes]:
    pairs = [_pair(path.stem) for path in FIXTURES.glob("*.crt")]
    return contents_of(content for pair in pairs for content in (pair.chain, pair.private_key))


def _pair(name: str) -> KeyPair:
    pair = read_key_pair(fixture(f"{name}.crt"), fixture(f"{name}.key"))
    assert isinstance(pair, KeyPair), pair
    return pair


def _certificate(name: str, fixture_name: str) -> Certificate:
    pair = _pair(fixture_name)
    namespace, _, short = name.partition("/")
    origin = Origin("Secret", namespace, short, "data[tls.crt]")
    key = PrivateBytes(pair.private_key)
    return Certificate(name, pair.chain, key, pair.names, pair.not_before, pair.not_after, origin=origin)

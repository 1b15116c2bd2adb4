"""kubeconfig files, as kubectl reads them (k8s.io/client-go/tools/clientcmd/api/v1).

Takes paths; of several the first to say something wins, entry by entry; relative paths are relative to the file they stand in.
Gives the Connection of one context. Refuses with ConfigError, naming file and field: what is missing, what contradicts itself, and
what is not supported. An unknown field of the chosen cluster or user is refused too: to overlook one could mean another identity.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
import yaml

from genkan.errors import ConfigError
from genkan.kube.auth import Auth, Certificate, ExecAuth, FileAuth, FixedAuth, Grant
from genkan.kube.connection import Connection
from genkan.kube.execplugin import VERSIONS, ExecCommand

UNSUPPORTED = {
    "username": "basic authentication left Kubernetes in 1.19",
    "password": "basic authentication left Kubernetes in 1.19",
    "auth-provider": "it left Kubernetes in 1.26: use an exec credential plugin",
    "as": "impersonation is not supported",
    "as-uid": "impersonation is not supported",
    "as-groups": "impersonation is not supported",
    "as-user-extra": "impersonation is not supported",
}

T = TypeVar("T")


class _Kebab(msgspec.Struct, frozen=True, rename="kebab", forbid_unknown_fields=True):
    pass


class _Cluster(_Kebab, frozen=True):
    server: str = ""
    tls_server_name: str = ""
    insecure_skip_tls_verify: bool = False
    certificate_authority: str = ""
    certificate_authority_data: str = ""
    proxy_url: str = ""
    disable_compression: bool = False
    extensions: Any = None


class _EnvVar(msgspec.Struct, frozen=True):
    name: str
    value: str = ""


class _Exec(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    api_version: str = ""
    command: str = ""
    args: tuple[str, ...] | None = None
    env: tuple[_EnvVar, ...] | None = None
    install_hint: str = ""
    provide_cluster_info: bool = False
    interactive_mode: str = ""


class _User(_Kebab, frozen=True):
    client_certificate: str = ""
    client_certificate_data: str = ""
    client_key: str = ""
    client_key_data: str = ""
    token: str = ""
    token_file: str = msgspec.field(default="", name="tokenFile")
    exec: _Exec | None = None
    extensions: Any = None


class _Context(msgspec.Struct, frozen=True):
    cluster: str = ""
    user: str = ""
    namespace: str = ""


class _Loader(yaml.CSafeLoader):
    """Reads only null and booleans as such: a token of digits is text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in rules if tag in {"tag:yaml.org,2002:null", "tag:yaml.org,2002:bool"}]
    for first, rules in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True)
class _Entry:
    """One entry of a list, its file and its place there, such as `users[admin]`."""

    value: Mapping[str, Any]
    file: Path
    place: str

    def refuse(self, what: str) -> ConfigError:
        return ConfigError(f"{self.file}: {self.place}: {what}")

    def read(self, kind: type[T]) -> T:
        value = {field: given for field, given in self.value.items() if given is not None}
        for field, why in UNSUPPORTED.items():
            if value.pop(field, None):
                raise self.refuse(f"{field} is not supported: {why}")
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            raise self.refuse(str(error)) from None

    def path(self, name: str) -> Path:
        return self.file.parent / name

    def content(self, data: str, field: str) -> bytes:
        try:
            return base64.b64decode(data, validate=True)
        except binascii.Error:
            raise self.refuse(f"{field} is not base64") from None

    def pem(self, data: str, file: str, field: str) -> bytes | None:
        """Give what stands in FIELD-data, or in the file that FIELD names; data wins, as in client-go."""
        if data:
            return self.content(data, f"{field}-data")
        if not file:
            return None
        try:
            return self.path(file).read_bytes()
        except OSError as error:
            raise self.refuse(f"{field} {file}: {error.strerror}") from error


def connection(files: Sequence[Path], *, context: str = "") -> Connection:
    """Give the Connection of a context, by default the current one."""
    documents = [(file, _document(file)) for file in files]
    wanted = context or next((str(d["current-context"]) for _, d in documents if d.get("current-context")), "")
    if not wanted:
        raise ConfigError(f"{files[0]}: no current-context is set: name a context")
    contexts = _entries(documents, "contexts", "context")
    if wanted not in contexts:
        raise ConfigError(f"{files[0]}: there is no context {wanted!r}; there are: {', '.join(contexts) or 'none'}")
    entry = contexts[wanted]
    chosen = entry.read(_Context)
    clusters, users = _entries(documents, "clusters", "cluster"), _entries(documents, "users", "user")
    if chosen.cluster not in clusters:
        raise entry.refuse(f"there is no cluster {chosen.cluster!r}")
    if chosen.user and chosen.user not in users:
        raise entry.refuse(f"there is no user {chosen.user!r}")
    cluster = clusters[chosen.cluster]
    auth = _auth(users[chosen.user], cluster) if chosen.user else FixedAuth(Grant())
    return _connection(cluster, auth, chosen.namespace or "default")


def _document(file: Path) -> Mapping[str, Any]:
    try:
        document = yaml.load(file.read_text(), Loader=_Loader)  # noqa: S506 - a safe loader, with fewer resolvers
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError):
        # Not quoted: the lines around the mistake may hold a token.
        raise ConfigError(f"{file}: not YAML") from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ConfigError(f"{file}: not a kubeconfig")
    return document


def _entries(documents: Sequence[tuple[Path, Mapping[str, Any]]], plural: str, singular: str) -> dict[str, _Entry]:
    entries: dict[str, _Entry] = {}
    for file, document in documents:
        listed = document.get(plural) or []
        if not isinstance(listed, list):
            raise ConfigError(f"{file}: {plural}: expected a list")
        for one in listed:
            if not isinstance(one, dict) or not isinstance(one.get("name"), str):
                raise ConfigError(f"{file}: {plural}: an entry has no name")
            value = one.get(singular) or {}
            if not isinstance(value, dict):
                raise ConfigError(f"{file}: {plural}[{one['name']}].{singular}: expected fields")
            entries.setdefault(one["name"], _Entry(value, file, f"{plural}[{one['name']}].{singular}"))
    return entries


def _connection(entry: _Entry, auth: Auth, namespace: str) -> Connection:
    cluster = entry.read(_Cluster)
    if urlsplit(cluster.server).scheme not in {"http", "https"}:
        raise entry.refuse(f"server {cluster.server!r} is no URL of http or https")
    if cluster.proxy_url and urlsplit(cluster.proxy_url).scheme not in {"http", "https"}:
        raise entry.refuse("proxy-url: only http and https proxies are supported")
    ca = entry.pem(cluster.certificate_authority_data, cluster.certificate_authority, "certificate-authority")
    if ca is not None and cluster.insecure_skip_tls_verify:
        raise entry.refuse("certificate-authority and insecure-skip-tls-verify contradict each other")
    return Connection(
        server=cluster.server.rstrip("/"),
        auth=auth,
        ca=ca,
        verify=not cluster.insecure_skip_tls_verify,
        tls_server_name=cluster.tls_server_name,
        proxy=cluster.proxy_url,
        compression=not cluster.disable_compression,
        namespace=namespace,
    )


def _auth(entry: _Entry, cluster: _Entry) -> Auth:
    user = entry.read(_User)
    if user.exec is not None:
        if user.token or user.token_file or user.client_certificate or user.client_certificate_data:
            raise entry.refuse("exec stands beside another credential: only one can be meant")
        return ExecAuth(_command(user.exec, entry, cluster))
    has_chain = user.client_certificate_data or user.client_certificate
    has_key = user.client_key_data or user.client_key
    if bool(has_chain) != bool(has_key):
        missing = "client-key" if has_chain else "client-certificate"
        raise entry.refuse(f"{missing} is missing: a client certificate needs both")
    embedded = bool(user.client_certificate_data or user.client_key_data)
    if has_chain and not embedded and not user.token:
        return FileAuth(
            token=entry.path(user.token_file) if user.token_file else None,
            chain=entry.path(user.client_certificate),
            key=entry.path(user.client_key),
        )
    if user.token_file and has_chain:
        raise entry.refuse("tokenFile beside client-certificate-data is not supported: name one credential")
    if user.token_file:
        return FileAuth(token=entry.path(user.token_file))
    chain = entry.pem(user.client_certificate_data, user.client_certificate, "client-certificate")
    key = entry.pem(user.client_key_data, user.client_key, "client-key")
    certificate = Certificate(chain, key) if chain is not None and key is not None else None
    return FixedAuth(Grant(user.token, certificate))


def _command(stanza: _Exec, entry: _Entry, cluster: _Entry) -> ExecCommand:
    if stanza.api_version not in VERSIONS:
        raise entry.refuse(f"exec.apiVersion {stanza.api_version!r} is not supported: {' or '.join(VERSIONS)}")
    if not stanza.command:
        raise entry.refuse("exec.command is missing")
    if stanza.interactive_mode == "Always":
        raise entry.refuse("exec.interactiveMode Always is not supported: there is no terminal")
    if stanza.interactive_mode not in {"", "Never", "IfAvailable"}:
        raise entry.refuse(f"exec.interactiveMode {stanza.interactive_mode!r} is not Never, IfAvailable or Always")
    if not stanza.interactive_mode and stanza.api_version == VERSIONS[0]:
        raise entry.refuse("exec.interactiveMode is missing: version v1 requires it")
    # A bare name is looked up on PATH, all else is relative to the file.
    command = str(entry.path(stanza.command)) if "/" in stanza.command else stanza.command
    return ExecCommand(
        api_version=stanza.api_version,
        command=command,
        args=stanza.args or (),
        env={variable.name: variable.value for variable in stanza.env or ()},
        install_hint=stanza.install_hint,
        cluster=_cluster_info(cluster) if stanza.provide_cluster_info else None,
    )


def _cluster_info(entry: _Entry) -> Mapping[str, object]:
    """Describe the cluster to a plugin, as client.authentication.k8s.io `Cluster`."""
    cluster = entry.read(_Cluster)
    ca = entry.pem(cluster.certificate_authority_data, cluster.certificate_authority, "certificate-authority")
    info = {
        "server": cluster.server,
        "tls-server-name": cluster.tls_server_name,
        "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify,
        "certificate-authority-data": base64.b64encode(ca).decode() if ca else "",
        "proxy-url": cluster.proxy_url,
    }
    return {field: value for field, value in info.items() if value}

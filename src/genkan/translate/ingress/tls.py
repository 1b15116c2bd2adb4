"""TLS: `spec.tls` and its Secrets to certificates and one TLS chain for each set of names.

Takes the Ingress, its Secrets and the certificates that were published last; gives certificates, chains and conditions. The rules:

- Secrets in the manifest's order; the same Secret named twice is one. Each has to be of type kubernetes.io/tls; one that is missing,
  malformed, mismatched with its key or of another type costs only itself.
- A certificate is offered for its own DNS names; `hosts` only tells us what the user expects, and what no certificate covers is reported.
- A name belongs to the first Secret that has it. A later one is offered for its remaining names, or not at all, and that is reported. But an
  RSA and an ECDSA certificate of the same names are offered together.
- The first usable one (with its partner) is offered for every other name too.
- Last good: translation has no memory. Who has one passes `kept`, the certificates published last by name; they stand in for Secrets that have
  become unusable, which is reported all the same. What `spec.tls` no longer names is gone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from genkan.ir import Certificate, Condition, Origin, Reason, TlsChain
from genkan.model import Inputs, ObjectKey, Secret
from genkan.translate.ingress.hosts import host_fault, wildcard_of
from genkan.translate.ingress.keypair import CERTIFICATE_KEY, PRIVATE_KEY, KeyKind, read_key_pair
from genkan.translate.ingress.keypair import Fault as PairFault
from genkan.translate.ingress.naming import default_chain_name, secret_name

SECRET_TYPE = "kubernetes.io/tls"  # noqa: S105 - a type's name


@dataclass(frozen=True, slots=True)
class Tls:
    """What TLS of one Ingress comes to; no chains means no HTTPS."""

    certificates: tuple[Certificate, ...]
    chains: tuple[TlsChain, ...]
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class _Usable:
    certificate: Certificate
    kind: KeyKind


@dataclass(slots=True)
class _Chain:
    """A chain while certificates are added: `names` is the full set of its first certificate, `own` what nobody claimed before."""

    names: tuple[str, ...]
    own: tuple[str, ...]
    members: dict[KeyKind, Certificate]


def translate_tls(inputs: Inputs, kept: Mapping[str, Certificate]) -> Tls:
    """Give everything that `spec.tls` comes to."""
    conditions: list[Condition] = []
    usable = _usable(inputs, kept, conditions)
    chains = _chains(usable.values(), conditions)
    used = [certificate for chain in chains for certificate in chain.members.values()]
    conditions.extend(_uncovered(inputs, usable, used))
    return Tls(
        certificates=tuple(sorted(used, key=lambda certificate: certificate.name)),
        chains=_finish(chains),
        conditions=tuple(conditions),
    )


def _usable(inputs: Inputs, kept: Mapping[str, Certificate], conditions: list[Condition]) -> dict[str, _Usable]:
    """Read every Secret once, in the manifest's order; by certificate name."""
    ingress = inputs.ingress
    seen: set[str] = set()
    found: dict[str, _Usable] = {}
    for index, entry in enumerate(ingress.spec.tls):
        origin = Origin("Ingress", *ingress.key, f"spec.tls[{index}].secretName")
        if not entry.secret_name:
            message = "names no Secret, and there is no default certificate; name a Secret of type kubernetes.io/tls"
            conditions.append(Condition(origin, Reason.SECRET_NOT_FOUND, message))
            continue
        key = ObjectKey(ingress.metadata.namespace, entry.secret_name)
        name = secret_name(key)
        if name in seen:
            continue
        seen.add(name)
        result = _read_secret(name, key, inputs.secrets.get(key), origin, conditions)
        usable = _instead(name, kept, result, conditions) if isinstance(result, Condition) else result
        if usable is not None:
            found[name] = usable
    return found


def _read_secret(
    name: str, key: ObjectKey, secret: Secret | None, origin: Origin, conditions: list[Condition]
) -> _Usable | Condition:
    if secret is None:
        return Condition(origin, Reason.SECRET_NOT_FOUND, f"Secret {key} does not exist")
    at = Origin("Secret", *key)
    if secret.type != SECRET_TYPE:
        message = (
            f'Secret {key} is of type "{secret.type}", not {SECRET_TYPE}; make it with "kubectl create secret tls"'
        )
        return Condition(at.at("type"), Reason.SECRET_INVALID, message)
    pair = read_key_pair(secret.data.get(CERTIFICATE_KEY, b""), secret.data.get(PRIVATE_KEY, b""))
    if isinstance(pair, PairFault):
        message = f"Secret {key}, {pair.field}: {pair.message}"
        return Condition(at.at(f"data[{pair.field}]"), Reason.SECRET_INVALID, message)
    at = at.at(f"data[{CERTIFICATE_KEY}]")
    if pair.remark:
        conditions.append(Condition(at, Reason.SECRET_INVALID, f"Secret {key} is served, but {pair.remark}"))
    certificate = Certificate(
        name, pair.chain, pair.private_key, pair.names, pair.not_before, pair.not_after, origin=at
    )
    return _Usable(certificate, pair.kind)


def _instead(
    name: str, kept: Mapping[str, Certificate], fault: Condition, conditions: list[Condition]
) -> _Usable | None:
    """Report the fault, and give the certificate that was published last, if there is one and it still reads."""
    last = kept.get(name)
    pair = read_key_pair(last.chain, bytes(last.private_key)) if last is not None else None
    if last is None or pair is None or isinstance(pair, PairFault):
        conditions.append(replace(fault, message=f"{fault.message}; TLS goes on without it"))
        return None
    conditions.append(replace(fault, message=f"{fault.message}; its last good certificate is still served"))
    return _Usable(last, pair.kind)


def _chains(usable: Iterable[_Usable], conditions: list[Condition]) -> list[_Chain]:
    chains: list[_Chain] = []
    owners: dict[str, str] = {}
    by_names: dict[tuple[str, ...], _Chain] = {}
    for item in usable:
        certificate = item.certificate
        partner = by_names.get(certificate.names)
        if partner is not None and item.kind not in partner.members:
            partner.members[item.kind] = certificate
            continue
        own = tuple(name for name in certificate.names if name not in owners)
        claimed = [name for name in certificate.names if name in owners]
        if claimed:
            conditions.append(_claimed(certificate, claimed, owners, remaining=bool(own)))
        elif not certificate.names and chains:
            message = f"Secret {certificate.name} covers no DNS name and is not the first, so it is never offered"
            conditions.append(Condition(certificate.origin, Reason.SECRET_INVALID, message))
        if not own and chains:
            continue
        chain = _Chain(certificate.names, own, {item.kind: certificate})
        chains.append(chain)
        by_names.setdefault(certificate.names, chain)
        owners.update(dict.fromkeys(own, certificate.name))
    return chains


def _claimed(certificate: Certificate, names: list[str], owners: Mapping[str, str], *, remaining: bool) -> Condition:
    whose = ", ".join(f"{name} (Secret {owners[name]})" for name in names)
    rest = "it is offered for its other names only" if remaining else "it is never offered"
    message = f"Secret {certificate.name}: an earlier Secret already has {whose}; {rest}"
    return Condition(certificate.origin, Reason.CERTIFICATE_NAME_CLAIMED, message)


def _finish(chains: list[_Chain]) -> tuple[TlsChain, ...]:
    """Name the chains; the one for all other names, made of the first, comes last."""
    finished: list[TlsChain] = []
    for chain in chains:
        first = next(iter(chain.members.values()))
        if chain.own:
            finished.append(TlsChain(first.name, chain.own, _members(chain), origin=first.origin))
    if chains:
        first = next(iter(chains[0].members.values()))
        finished.append(TlsChain(default_chain_name(first.name), (), _members(chains[0]), origin=first.origin))
    return tuple(finished)


def _members(chain: _Chain) -> tuple[str, ...]:
    return tuple(certificate.name for certificate in chain.members.values())


def _uncovered(inputs: Inputs, usable: Mapping[str, _Usable], used: Iterable[Certificate]) -> Iterable[Condition]:
    """Report hosts of `spec.tls` that no certificate covers; where the entry's own Secret is unusable, that was told already."""
    ingress = inputs.ingress
    covered = {name for certificate in used for name in certificate.names}
    for index, entry in enumerate(ingress.spec.tls):
        for position, written in enumerate(entry.hosts):
            origin = Origin("Ingress", *ingress.key, f"spec.tls[{index}].hosts[{position}]")
            host = written.lower()
            fault = host_fault(host) if host else "is empty"
            if fault:
                yield Condition(origin, Reason.HOST_INVALID, f'host "{written}": {fault}')
            elif host in covered or wildcard_of(host) in covered:
                continue
            elif secret_name(ObjectKey(ingress.metadata.namespace, entry.secret_name)) in usable:
                message = f"no certificate covers {host}; clients that ask for it get the first one and refuse it"
                yield Condition(origin, Reason.CERTIFICATE_HOST_UNCOVERED, message)

"""Key pairs: the PEM data of one Secret, read once for each content.

Takes the bytes of `tls.crt` and `tls.key`, gives a usable pair or the fault that makes it unusable: which field, what is wrong, what to do.
No input raises. What data planes refuse (Envoy 1.40 with BoringSSL, seen on the real program) is found here, before it is published, because a
refused certificate would cost more than itself.

What is given on is written anew from what was parsed, so that remarks, blocks of other kinds and line ends of the input never reach a
data plane. A block that is not complete is a fault: the file was cut off.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtensionOID, NameOID

from genkan.ir import PrivateBytes

CERTIFICATE_KEY = "tls.crt"
PRIVATE_KEY = "tls.key"
_CACHED = 1024
_RSA_BITS = 2048
_CURVES = ("secp256r1", "secp384r1", "secp521r1")
_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_DNS_NAME = re.compile(r"(\*\.)?([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?")
_NAME_MAX = 253
_UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, NotImplementedError)


class KeyKind(StrEnum):
    """What a certificate is signed for; a client may know only one of them."""

    RSA = "RSA"
    ECDSA = "ECDSA"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A pair that data planes accept. `names` are lower-case and sorted; `remark` ("" for none) is what is wrong with the chain."""

    chain: bytes
    private_key: PrivateBytes
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    kind: KeyKind
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a pair cannot be used: the key of the Secret's data, and one sentence with what to do."""

    field: str
    message: str


class _FaultError(Exception):
    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.fault = Fault(field, message)


_Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@lru_cache(maxsize=_CACHED)
def read_key_pair(certificate: bytes, key: bytes) -> KeyPair | Fault:
    """Read a pair. Pure, and remembered by content: parsing costs a millisecond, and every translation asks again."""
    try:
        return _read(certificate, key)
    except _FaultError as error:
        return error.fault


def _read(certificate: bytes, key: bytes) -> KeyPair:
    chain = _read_chain(certificate)
    private = _read_key(key)
    leaf = chain[0]
    _check_match(chain, private)
    try:
        _check_leaf(leaf, private)
        return KeyPair(
            chain=b"".join(item.public_bytes(serialization.Encoding.PEM) for item in chain),
            private_key=PrivateBytes(_pem(private)),
            names=_names(leaf),
            not_before=leaf.not_valid_before_utc,
            not_after=leaf.not_valid_after_utc,
            kind=KeyKind.RSA if isinstance(private, rsa.RSAPrivateKey) else KeyKind.ECDSA,
            remark=_chain_remark(chain),
        )
    except _UNREADABLE as error:
        raise _FaultError(
            CERTIFICATE_KEY, f"the certificate cannot be read: {_words(error)}; issue it again"
        ) from error


def _read_chain(data: bytes) -> list[x509.Certificate]:
    blocks = _blocks(data, CERTIFICATE_KEY)
    wanted = [block for label, block in blocks if label == b"CERTIFICATE"]
    if not wanted:
        raise _FaultError(
            CERTIFICATE_KEY,
            f"no certificate in it{_seen(blocks)}; put the PEM chain there, the server's certificate first",
        )
    chain = []
    for index, block in enumerate(wanted):
        try:
            chain.append(x509.load_pem_x509_certificate(block))
        except _UNREADABLE as error:
            message = f"certificate {index + 1} of {len(wanted)} cannot be read: {_words(error)}; copy the file again"
            raise _FaultError(CERTIFICATE_KEY, message) from error
    return chain


def _read_key(data: bytes) -> _Key:
    blocks = _blocks(data, PRIVATE_KEY)
    wanted = [block for label, block in blocks if label.endswith(b"PRIVATE KEY")]
    if not wanted:
        raise _FaultError(PRIVATE_KEY, f"no private key in it{_seen(blocks)}; put the PEM key there")
    try:
        key = serialization.load_pem_private_key(wanted[0], password=None)
    except TypeError as error:
        message = "the private key is encrypted, and nobody is there to type its password; store it decrypted"
        raise _FaultError(PRIVATE_KEY, message) from error
    except _UNREADABLE as error:
        message = f"the private key cannot be read: {_words(error)}; copy the file again"
        raise _FaultError(PRIVATE_KEY, message) from error
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < _RSA_BITS:
            raise _FaultError(
                PRIVATE_KEY, f"the RSA key has {key.key_size} bits; at least {_RSA_BITS} are needed: make a new one"
            )
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey):
        if key.curve.name not in _CURVES:
            message = f"the key is on curve {key.curve.name}; use P-256, P-384 or P-521, or RSA"
            raise _FaultError(PRIVATE_KEY, message)
        return key
    kind = type(key).__name__.removesuffix("PrivateKey").lstrip("_")
    raise _FaultError(PRIVATE_KEY, f"the key is of kind {kind}; use ECDSA (P-256) or RSA, which every client knows")


def _blocks(data: bytes, field: str) -> list[tuple[bytes, bytes]]:
    """Give (label, block) of every PEM block; a marker without its partner is a fault."""
    if not data.strip():
        raise _FaultError(field, "is empty or missing")
    blocks = [(match.group(1), match.group()) for match in _BLOCK.finditer(data)]
    if data.count(b"-----BEGIN ") != len(blocks) or data.count(b"-----END ") != len(blocks):
        raise _FaultError(field, "is cut off: a PEM block in it is not complete; copy the file again")
    return blocks


def _seen(blocks: list[tuple[bytes, bytes]]) -> str:
    labels = sorted({label.decode("ascii") for label, _ in blocks})
    return f", only {', '.join(labels)}" if labels else ""


def _check_match(chain: list[x509.Certificate], private: _Key) -> None:
    wanted = _public(private)
    try:
        position = next((index for index, item in enumerate(chain) if _public(item) == wanted), None)
    except _UNREADABLE as error:
        message = f"the certificate's public key cannot be read: {_words(error)}; use ECDSA (P-256) or RSA"
        raise _FaultError(CERTIFICATE_KEY, message) from error
    if position is None:
        raise _FaultError(
            PRIVATE_KEY, "the private key does not belong to the certificate; store the two that were made together"
        )
    if position:
        message = f"the server's certificate is at place {position + 1} of the chain; put it first, then what issued it"
        raise _FaultError(CERTIFICATE_KEY, message)


def _public(item: x509.Certificate | _Key) -> bytes:
    return item.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _check_leaf(leaf: x509.Certificate, private: _Key) -> None:
    """Refuse what data planes refuse to load."""
    extensions = leaf.extensions
    for extension in extensions:
        if extension.oid == ExtensionOID.TLS_FEATURE:
            message = "the certificate demands OCSP stapling (must-staple), which is not provided; issue it without"
            raise _FaultError(CERTIFICATE_KEY, message)
        value = extension.value
        if (
            isinstance(value, x509.KeyUsage)
            and not value.digital_signature
            and not isinstance(private, rsa.RSAPrivateKey)
        ):
            message = "the certificate's key usage does not allow digital signatures; issue it with that usage"
            raise _FaultError(CERTIFICATE_KEY, message)


def _names(leaf: x509.Certificate) -> tuple[str, ...]:
    """Give the DNS names it covers: those of the SAN; without a SAN the common name (RFC 6125, 6.4.4)."""
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(
            x509.DNSName
        )
    except x509.ExtensionNotFound:
        names = [str(name.value) for name in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    lower = {name.lower() for name in names}
    return tuple(sorted(name for name in lower if len(name) <= _NAME_MAX and _DNS_NAME.fullmatch(name)))


def _chain_remark(chain: list[x509.Certificate]) -> str:
    for index, (item, issuer) in enumerate(pairwise(chain)):
        if item.issuer != issuer.subject:
            return f"certificate {index + 2} of the chain did not issue certificate {index + 1}; clients may not trust it: order the chain"
    return ""


def _pem(private: _Key) -> bytes:
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _words(error: Exception) -> str:
    """The library's own first sentence, on one line."""
    return " ".join(str(error).split())[:120] or type(error).__name__

"""Certificates made at run time: RSA and ECDSA, chains, expired ones, any names."""

import base64
import itertools
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

_RSA_TURNS = itertools.cycle(range(4))

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Pair:
    """A certificate chain, leaf first, and its key, as PEM; `leaf` is the leaf's DER, as a client sees it."""

    chain: bytes
    key: bytes
    leaf: bytes

    def secret(self, name: str, namespace: str = "default") -> dict[str, object]:
        """The Secret of type kubernetes.io/tls that holds the pair."""
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": namespace},
            "type": "kubernetes.io/tls",
            "data": {"tls.crt": base64.b64encode(self.chain).decode(), "tls.key": base64.b64encode(self.key).decode()},
        }

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write both as files, for programs that want them so."""
        chain, key = folder / "tls.crt", folder / "tls.key"
        chain.write_bytes(self.chain)
        key.write_bytes(self.key)
        return chain, key


def self_signed(
    *names: str,
    algorithm: str = "ecdsa",
    begins: datetime | None = None,
    ends: datetime | None = None,
    common_name: str = "",
) -> Pair:
    """A certificate for these DNS names, signed by itself; valid from yesterday for a month unless said otherwise."""
    key = _new_key(algorithm)
    subject = _name(common_name or (names[0] if names else "test"))
    certificate = _build(subject, subject, key, key, names, (begins, ends), authority=False)
    return _pair([certificate], key)


def chained(*names: str, algorithm: str = "ecdsa", intermediates: int = 1) -> tuple[Pair, bytes]:
    """A certificate under intermediates under a root, and the root's PEM; the root is not in the chain."""
    root_key = _key(algorithm, 100)
    root = _build(_name("Test root"), _name("Test root"), root_key, root_key, (), (None, None), authority=True)
    signers = [(root, root_key)]
    for number in range(intermediates):
        key = _key(algorithm, 101 + number)
        above, above_key = signers[-1]
        subject = _name(f"Test intermediate {number + 1}")
        signers.append((_build(subject, above.subject, key, above_key, (), (None, None), authority=True), key))
    key = _new_key(algorithm)
    above, above_key = signers[-1]
    leaf = _build(_name(names[0]), above.subject, key, above_key, names, (None, None), authority=False)
    chain = [leaf, *(certificate for certificate, _ in reversed(signers[1:]))]
    return _pair(chain, key), root.public_bytes(serialization.Encoding.PEM)


def expired(*names: str) -> Pair:
    """A certificate that ended yesterday."""
    now = datetime.now(UTC)
    return self_signed(*names, begins=now - timedelta(days=30), ends=now - timedelta(days=1))


def server_context(pair: Pair, folder: Path, *alpn: str) -> ssl.SSLContext:
    """What a TLS server of a test needs; `folder` takes the files that Python's ssl insists on."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair.write(folder))
    context.set_alpn_protocols(list(alpn) or ["h2", "http/1.1"])
    return context


def names_in(der: bytes) -> list[str]:
    """The DNS names of a certificate, in its own order."""
    extension = x509.load_der_x509_certificate(der).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return extension.value.get_values_for_type(x509.DNSName)


def _new_key(algorithm: str) -> PrivateKey:
    """RSA keys take long to make: a handful is made once and used in turn, so that two pairs in a row never share one."""
    if algorithm == "rsa":
        return _key(algorithm, next(_RSA_TURNS))
    return ec.generate_private_key(ec.SECP256R1())


@cache
def _key(algorithm: str, number: int) -> PrivateKey:  # noqa: ARG001 - the number tells cached keys apart
    if algorithm == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _build(  # noqa: PLR0917 - private, and always all of them
    subject: x509.Name,
    issuer: x509.Name,
    key: PrivateKey,
    signer: PrivateKey,
    names: tuple[str, ...],
    validity: tuple[datetime | None, datetime | None],
    *,
    authority: bool,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity[0] or now - timedelta(days=1))
        .not_valid_after(validity[1] or now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
        )
    return builder.sign(signer, hashes.SHA256())


def _pair(chain: list[x509.Certificate], key: PrivateKey) -> Pair:
    return Pair(
        chain=b"".join(certificate.public_bytes(serialization.Encoding.PEM) for certificate in chain),
        key=key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        leaf=chain[0].public_bytes(serialization.Encoding.DER),
    )

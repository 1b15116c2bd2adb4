"""Key pairs of every unusual kind, for tests of what is refused."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | dsa.DSAPrivateKey
BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
CURVES = {
    "secp224r1": ec.SECP224R1(),
    "secp256k1": ec.SECP256K1(),
    "p256": ec.SECP256R1(),
    "p384": ec.SECP384R1(),
    "p521": ec.SECP521R1(),
}


@cache
def key(kind: str, number: int = 0) -> Key:  # noqa: ARG001 - the number tells keys of a kind apart
    """A key, made once: `rsa2048`, `p256`, `ed25519`, `dsa` ...; RSA and DSA take long to make."""
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind.removeprefix("rsa")))
    if kind == "dsa":
        return dsa.generate_private_key(2048)
    return ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else ec.generate_private_key(CURVES[kind])


@dataclass(frozen=True)
class Request:
    """What a certificate shall say."""

    names: tuple[str, ...] = ("foo.com",)
    common_name: str = "foo.com"
    issuer: str = "issuer"
    extensions: tuple[x509.ExtensionType, ...] = field(default=())


@cache
def certificate(private: Key, wanted: Request | None = None, signer: Key | None = None) -> bytes:
    """A certificate as PEM, self-signed unless a signer is given; made once, because no two signatures are the same."""
    wanted = wanted or Request()
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, wanted.common_name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, wanted.issuer)]))
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(BEGIN)
        .not_valid_after(END)
    )
    if wanted.names:
        names = x509.SubjectAlternativeName([x509.DNSName(name) for name in wanted.names])
        builder = builder.add_extension(names, critical=False)
    for extension in wanted.extensions:
        builder = builder.add_extension(extension, critical=False)
    signer = signer or private
    signed = builder.sign(signer, None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM)


def pem(private: Key, *, traditional: bool = False, password: bytes = b"") -> bytes:
    """A key as PEM: PKCS #8, or the older form of its kind."""
    form = serialization.PrivateFormat.TraditionalOpenSSL if traditional else serialization.PrivateFormat.PKCS8
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password:
        encryption = serialization.BestAvailableEncryption(password)
    return private.private_bytes(serialization.Encoding.PEM, form, encryption)

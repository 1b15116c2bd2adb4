"""Make the key pairs that golden files use: each is made once and committed, so that golden files stay the same.

Usage: python tools/make_fixture_certificates.py [FOLDER]. A pair whose files exist is left alone. The keys protect nothing.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

FOLDER = Path("tests/fixtures/certificates")
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
END = datetime(2099, 1, 1, tzinfo=UTC)
PAST = datetime(2025, 1, 1, tzinfo=UTC)
PAIRS = {
    "shop-rsa": ("rsa", ("shop.example.com", "www.shop.example.com"), END),
    "shop-ecdsa": ("ecdsa", ("shop.example.com", "www.shop.example.com"), END),
    "blog": ("ecdsa", ("blog.example.org",), END),
    "blog-renewed": ("ecdsa", ("blog.example.org",), END),
    "shop-and-blog": ("ecdsa", ("blog.example.org", "shop.example.com"), END),
    "wildcard": ("ecdsa", ("*.example.com",), END),
    "expired": ("ecdsa", ("old.example.com",), PAST),
}

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def new_key(algorithm: str) -> Key:
    """Make a key of the smallest size that every client accepts."""
    if algorithm == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def certificate(
    subject: str, key: Key, issuer: str, signer: Key, *, end: datetime, names: tuple[str, ...] = ()
) -> x509.Certificate:
    """Make a certificate; one without names is an authority."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(BEGIN)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
        )
    return builder.sign(signer, hashes.SHA256())


def write(folder: Path, name: str, key: Key, *chain: x509.Certificate) -> None:
    """Write NAME.crt and NAME.key."""
    pem = serialization.Encoding.PEM
    (folder / f"{name}.crt").write_bytes(b"".join(item.public_bytes(pem) for item in chain))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    print(folder / name)


def main(folder: Path) -> None:
    """Make every pair that is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (algorithm, names, end) in PAIRS.items():
        if not (folder / f"{name}.crt").exists():
            key = new_key(algorithm)
            write(folder, name, key, certificate(names[0], key, names[0], key, end=end, names=names))
    if not (folder / "chained.crt").exists():
        root, intermediate, leaf = (new_key("ecdsa") for _ in range(3))
        middle = certificate("Fixture intermediate", intermediate, "Fixture root", root, end=END)
        last = certificate(
            "chained.example.com", leaf, "Fixture intermediate", intermediate, end=END, names=("chained.example.com",)
        )
        write(folder, "chained", leaf, last, middle)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)

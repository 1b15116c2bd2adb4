"""Prints a Secret with a new self-signed certificate: `python -m tools.example_secret NAME HOST [HOST ...] > secret.yaml`.

For examples only. No key is committed to this repository: one that is public protects nobody, and scanners rightly complain.
"""

import argparse
import base64
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

VALID = timedelta(days=90)


def secret(name: str, hosts: list[str], *, key_type: str = "ecdsa") -> str:
    """Return the manifest of a kubernetes.io/tls Secret, valid from now for 90 days; `key_type` is ecdsa (P-256) or rsa (2048)."""
    key = ec.generate_private_key(ec.SECP256R1()) if key_type == "ecdsa" else rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return (
        "apiVersion: v1\n"
        "kind: Secret\n"
        "metadata:\n"
        f"  name: {name}\n"
        "type: kubernetes.io/tls\n"
        "data:\n"
        f"  tls.crt: {base64.b64encode(certificate.public_bytes(pem)).decode()}\n"
        f"  tls.key: {base64.b64encode(private).decode()}\n"
    )


def main() -> None:
    """Print one manifest."""
    parser = argparse.ArgumentParser(description="Print a Secret with a new self-signed certificate.")
    parser.add_argument("--key", choices=["ecdsa", "rsa"], default="ecdsa", help="kind of key (default: ecdsa)")
    parser.add_argument("name", help="the Secret's name")
    parser.add_argument("host", nargs="+", help="a DNS name that the certificate covers, *.example.com allowed")
    arguments = parser.parse_args()
    print(secret(arguments.name, arguments.host, key_type=arguments.key), end="")


if __name__ == "__main__":
    main()

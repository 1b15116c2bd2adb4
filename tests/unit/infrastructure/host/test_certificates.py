"""Certificates that are served survive their controller, privately."""

from datetime import UTC, datetime
from pathlib import Path

from genkan.infrastructure.host import certificates
from genkan.ir import Certificate, Origin, PrivateBytes
from genkan.model import ObjectKey

KEY = ObjectKey("shop", "web")
CERTIFICATE = Certificate(
    name="shop/cert",
    chain=b"chain",
    private_key=PrivateBytes(b"key \x00\xff"),
    names=("a.example", "*.b.example"),
    not_before=datetime(2026, 1, 1, tzinfo=UTC),
    not_after=datetime(2027, 1, 1, tzinfo=UTC),
    origin=Origin("Secret", "shop", "cert", "data[tls.crt]"),
)


def test_what_was_kept_is_read_again(tmp_path: Path) -> None:
    """Every field, the origin included, and the key stays one that does not show itself."""
    certificates.write(tmp_path, KEY, (CERTIFICATE,))
    (read,) = certificates.read(tmp_path, KEY)
    assert (read, read.origin) == (CERTIFICATE, CERTIFICATE.origin)
    assert "key \x00" not in repr(read)


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    """It holds a private key."""
    certificates.write(tmp_path, KEY, (CERTIFICATE,))
    (path,) = tmp_path.rglob(certificates.FILE)
    assert path.stat().st_mode & 0o777 == 0o600


def test_no_certificates_leave_no_file(tmp_path: Path) -> None:
    """What is no longer served is not kept."""
    certificates.write(tmp_path, KEY, (CERTIFICATE,))
    certificates.write(tmp_path, KEY, ())
    assert list(tmp_path.rglob(certificates.FILE)) == []
    assert certificates.read(tmp_path, KEY) == ()


def test_a_broken_file_counts_as_none(tmp_path: Path) -> None:
    """It costs only the protection."""
    certificates.write(tmp_path, KEY, (CERTIFICATE,))
    (path,) = tmp_path.rglob(certificates.FILE)
    path.write_text("[{")
    assert certificates.read(tmp_path, KEY) == ()

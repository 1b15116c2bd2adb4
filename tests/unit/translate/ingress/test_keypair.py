"""Key pairs: what data planes accept is read, everything else is a fault that says what to do, and nothing raises."""

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from genkan.translate.ingress.keypair import Fault, KeyKind, KeyPair, read_key_pair
from tests.support.objects import fixture
from tests.unit.translate.ingress.pairs import BEGIN, END, Request, certificate, key, pem

EC_PARAMETERS = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
P256, RSA = key("p256"), key("rsa2048")
SIGNS_NOT = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=True,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)
STAPLE = x509.TLSFeature([x509.TLSFeatureType.status_request])
CLIENT = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])


def read(chain: bytes, private: bytes) -> KeyPair:
    """A pair that has to be usable."""
    pair = read_key_pair(chain, private)
    assert isinstance(pair, KeyPair), pair
    return pair


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("rsa2048", KeyKind.RSA),
        ("rsa3072", KeyKind.RSA),
        ("p256", KeyKind.ECDSA),
        ("p384", KeyKind.ECDSA),
        ("p521", KeyKind.ECDSA),
    ],
)
def test_usual_keys_are_usable(kind: str, expected: KeyKind) -> None:
    """In either form of PEM; what is given on is the same for both."""
    chain = certificate(key(kind))
    pair = read(chain, pem(key(kind)))
    assert (pair.kind, pair.names, pair.remark) == (expected, ("foo.com",), "")
    assert (pair.not_before, pair.not_after) == (BEGIN, END)
    assert read(chain, pem(key(kind), traditional=True)) == pair


@pytest.mark.parametrize(
    ("chain", "private"),
    [
        pytest.param(b"subject=foo\n" + certificate(P256) + b"\nbye\n", pem(P256), id="text around"),
        pytest.param(certificate(P256).replace(b"\n", b"\r\n"), pem(P256).replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(certificate(P256).strip(), pem(P256).strip(), id="no last line end"),
        pytest.param(b"\xef\xbb\xbf" + certificate(P256), pem(P256), id="byte order mark"),
        pytest.param(pem(P256) + certificate(P256), pem(P256), id="key in the certificate's file"),
        pytest.param(certificate(P256), certificate(P256) + pem(P256), id="certificate in the key's file"),
        pytest.param(certificate(P256), EC_PARAMETERS + pem(P256, traditional=True), id="EC PARAMETERS"),
    ],
)
def test_what_is_given_on_is_written_anew(chain: bytes, private: bytes) -> None:
    """So that nothing but certificates and one key ever reaches a data plane."""
    assert read(chain, private) == read(certificate(P256), pem(P256))


@pytest.mark.parametrize(
    ("chain", "private", "field", "says"),
    [
        pytest.param(b"", pem(P256), "tls.crt", "empty or missing", id="no certificate"),
        pytest.param(certificate(P256), b"", "tls.key", "empty or missing", id="no key"),
        pytest.param(b"hello", pem(P256), "tls.crt", "no certificate in it; put", id="no PEM"),
        pytest.param(pem(P256), pem(P256), "tls.crt", "only PRIVATE KEY", id="key instead of certificate"),
        pytest.param(
            certificate(P256), certificate(P256), "tls.key", "only CERTIFICATE", id="certificate instead of key"
        ),
        pytest.param(certificate(P256)[:-30], pem(P256), "tls.crt", "cut off", id="certificate cut off"),
        pytest.param(certificate(P256), pem(P256)[:-30], "tls.key", "cut off", id="key cut off"),
        pytest.param(
            certificate(P256)[30:] + certificate(P256), pem(P256), "tls.crt", "cut off", id="first part missing"
        ),
        pytest.param(
            certificate(P256) * 2 + certificate(P256)[:99], pem(P256), "tls.crt", "cut off", id="chain cut off"
        ),
        pytest.param(
            certificate(P256) + b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            pem(P256),
            "tls.crt",
            "certificate 2 of 2 cannot be read",
            id="second certificate is garbage",
        ),
        pytest.param(
            certificate(P256),
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "tls.key",
            "cannot be read",
            id="key is garbage",
        ),
        pytest.param(certificate(P256), pem(P256, password=b"x"), "tls.key", "encrypted", id="encrypted key"),
        pytest.param(
            certificate(RSA), pem(RSA, traditional=True, password=b"x"), "tls.key", "encrypted", id="encrypted old form"
        ),
        pytest.param(certificate(RSA), pem(P256), "tls.key", "does not belong", id="key of another kind"),
        pytest.param(certificate(P256), pem(key("p256", 1)), "tls.key", "does not belong", id="another key"),
        pytest.param(
            certificate(RSA) + certificate(P256), pem(P256), "tls.crt", "at place 2 of the chain", id="leaf not first"
        ),
        pytest.param(certificate(key("rsa1024")), pem(key("rsa1024")), "tls.key", "1024 bits", id="weak RSA"),
        pytest.param(certificate(key("dsa")), pem(key("dsa")), "tls.key", "kind DSA", id="DSA"),
        pytest.param(certificate(key("ed25519")), pem(key("ed25519")), "tls.key", "kind Ed25519", id="Ed25519"),
        pytest.param(certificate(key("secp224r1")), pem(key("secp224r1")), "tls.key", "curve secp224r1", id="P-224"),
        pytest.param(
            certificate(key("secp256k1")), pem(key("secp256k1")), "tls.key", "curve secp256k1", id="secp256k1"
        ),
        pytest.param(
            certificate(P256, Request(extensions=(STAPLE,))), pem(P256), "tls.crt", "must-staple", id="must-staple"
        ),
        pytest.param(
            certificate(P256, Request(extensions=(SIGNS_NOT,))), pem(P256), "tls.crt", "key usage", id="key usage"
        ),
    ],
)
def test_what_data_planes_refuse_is_a_fault(chain: bytes, private: bytes, field: str, says: str) -> None:
    """Found before it is published; the field is the one to change."""
    fault = read_key_pair(chain, private)
    assert isinstance(fault, Fault)
    assert fault.field == field
    assert says in fault.message
    assert "\n" not in fault.message


def test_extensions_that_data_planes_accept_are_no_fault() -> None:
    """Purposes are the client's business; an RSA key need not sign."""
    read(certificate(P256, Request(extensions=(CLIENT,))), pem(P256))
    read(certificate(RSA, Request(extensions=(SIGNS_NOT,))), pem(RSA))


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        pytest.param(Request(names=("B.com", "a.com", "b.com")), ("a.com", "b.com"), id="lower case, sorted, once"),
        pytest.param(Request(names=("*.foo.com",)), ("*.foo.com",), id="wildcard"),
        pytest.param(Request(names=("a_b.foo.com",)), ("a_b.foo.com",), id="underscore"),
        pytest.param(Request(names=("*", "*.*.com", "a.*.com", "f*.com", "a..b", "foo.com.")), (), id="no DNS names"),
        pytest.param(Request(names=(), common_name="CN.example"), ("cn.example",), id="common name without a SAN"),
        pytest.param(Request(names=("a.com",), common_name="cn.example"), ("a.com",), id="SAN hides the common name"),
        pytest.param(Request(names=(), common_name="My Company"), (), id="a common name that is no host"),
    ],
)
def test_names_come_from_the_certificate(wanted: Request, names: tuple[str, ...]) -> None:
    """Of the SAN, else the common name; exact or with one leading star."""
    assert read(certificate(P256, wanted), pem(P256)).names == names


def test_a_chain_is_given_on_whole_and_its_order_is_checked() -> None:
    """Leaf first is demanded; what follows out of order is served and remarked."""
    root, middle = key("p256", 2), key("p256", 3)
    leaf = certificate(P256, Request(issuer="middle"), middle)
    between = certificate(middle, Request(names=(), common_name="middle", issuer="root"), root)
    top = certificate(root, Request(names=(), common_name="root", issuer="root"))
    pair = read(leaf + between + top, pem(P256))
    assert (pair.chain, pair.remark) == (leaf + between + top, "")
    assert "certificate 2 of the chain did not issue certificate 1" in read(leaf + top + between, pem(P256)).remark


def test_a_private_key_is_never_shown() -> None:
    """Neither by a pair's text nor by a fault's."""
    pair = read(certificate(P256), pem(P256))
    secret = pem(P256).splitlines()[1].decode()
    assert secret not in repr(pair)
    assert secret not in repr(read_key_pair(certificate(RSA), pem(P256)))


CHAIN, KEY = fixture("chained.crt"), fixture("chained.key")


@st.composite
def damaged(draw: st.DrawFn, good: bytes) -> bytes:
    """A good file with some of its bytes replaced, left out, repeated or put in another order."""
    data = bytearray(good)
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 40)))
        data[start:end] = draw(st.one_of(st.binary(max_size=4), st.just(bytes(data[start:end]) * 2)))
    return bytes(data)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(
    st.one_of(st.binary(), damaged(CHAIN), damaged(KEY), st.just(CHAIN)),
    st.one_of(st.binary(), damaged(KEY), damaged(CHAIN), st.just(KEY)),
)
def test_no_bytes_raise(chain: bytes, private: bytes) -> None:
    """Whatever stands in a Secret is a pair or a fault; a pair that was read reads the same again."""
    result = read_key_pair(chain, private)
    if isinstance(result, KeyPair):
        assert read_key_pair(result.chain, bytes(result.private_key)) == result

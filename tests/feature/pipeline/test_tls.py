"""`spec.tls` of a manifest, on the wire: which certificate a client sees, and what a bad one costs."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tests.feature.pipeline.asking import put_backends, who
from tests.support.certificates import Pair, chained, expired, self_signed
from tests.support.client import connect, request, request_http2, unverified, websocket
from tests.support.manifests import Manifest, ingress, path, rule
from tests.support.serve import Front, Serve, serving
from tests.support.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAIRS = {
    "first": self_signed("first.test"),
    "exact": self_signed("exact.wild.test"),
    "wild": self_signed("*.wild.test"),
    "both-rsa": self_signed("both.test", algorithm="rsa"),
    "both-ec": self_signed("both.test"),
    "old": expired("old.test"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def front(serve: Serve, addresses: dict[str, str]) -> Front:
    put_backends(serve, addresses)
    serve.write("secrets.yaml", *(pair.secret(name) for name, pair in PAIRS.items()))
    serve.write("many.yaml", ingress("many", rule("", path("/", "red")), tls=tuple(PAIRS)))
    return await serve.front("many", tls=True)


async def seen(front: Front, name: str) -> bytes:
    """The certificate that a client gets who asks for this name."""
    async with connect(front.tls(name)) as connection:
        return connection.certificate


async def shows(front: Front, name: str, pair: Pair) -> None:
    """Wait until the certificate is served for the name."""

    async def same() -> bool:
        return await seen(front, name) == pair.leaf

    await until(same, 10, what=f"the certificate for {name}")


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        pytest.param("first.test", "first", id="own name"),
        pytest.param("FIRST.test", "first", id="letter case is ignored"),
        pytest.param("exact.wild.test", "exact", id="exact before wildcard"),
        pytest.param("other.wild.test", "wild", id="wildcard"),
        pytest.param("unknown.test", "first", id="the first Secret for other names"),
        pytest.param("", "first", id="no name at all"),
        pytest.param("old.test", "old", id="an expired one is still served"),
    ],
)
async def test_the_name_chooses_the_certificate(front: Front, name: str, secret: str) -> None:
    """By the certificates' own names, exact before wildcard; the first Secret for the rest."""
    assert await seen(front, name) == PAIRS[secret].leaf


@pytest.mark.parametrize(("ciphers", "secret"), [("ECDHE+aRSA", "both-rsa"), ("ECDHE+aECDSA", "both-ec")])
async def test_rsa_and_ecdsa_of_one_name_are_both_offered(front: Front, ciphers: str, secret: str) -> None:
    """A client that knows only one of them gets that one."""
    context = unverified()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ciphers)
    target = front.tls()
    _, writer = await asyncio.open_connection(target.address, target.port, ssl=context, server_hostname="both.test")
    assert writer.get_extra_info("ssl_object").getpeercert(binary_form=True) == PAIRS[secret].leaf
    writer.close()
    await writer.wait_closed()


async def test_an_expired_certificate_is_told(front: Front, serve: Serve) -> None:
    """An Event names the Secret."""
    del front
    event = await serve.event("CertificateExpired", "many")
    assert (event["related"]["kind"], event["related"]["name"]) == ("Secret", "old")


async def test_http2_by_alpn(front: Front) -> None:
    """HTTP/2 and HTTP/1.1 are both offered."""
    answer = await request_http2(front.tls("first.test"), host="first.test")
    assert (answer.version, answer.received.name) == ("HTTP/2", "red")
    assert answer.received.header("x-forwarded-proto") == "https"
    assert (await request(front.tls("first.test"))).version == "HTTP/1.1"


async def test_a_chain_is_served_whole(serve: Serve, addresses: dict[str, str]) -> None:
    """A client that trusts the root alone can verify."""
    put_backends(serve, addresses)
    pair, root = chained("chain.test", intermediates=2)
    serve.write("chain.yaml", pair.secret("chain"), ingress("chain", rule("", path("/", "red")), tls=["chain"]))
    target = (await serve.front("chain", tls=True)).tls()
    context = ssl.create_default_context(cadata=root.decode())
    _, writer = await asyncio.open_connection(target.address, target.port, ssl=context, server_hostname="chain.test")
    writer.close()
    await writer.wait_closed()


def _mismatched(name: str) -> Manifest:
    secret, other = self_signed("m.test").secret(name), self_signed("m.test").secret(name)
    return secret | {"data": secret["data"] | {"tls.key": other["data"]["tls.key"]}}  # type: ignore[operator, index]


def _malformed(name: str) -> Manifest:
    return self_signed("m.test").secret(name) | {"data": {"tls.crt": "bm8=", "tls.key": "bm8="}}


def _other_type(name: str) -> Manifest:
    return self_signed("m.test").secret(name) | {"type": "Opaque"}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        pytest.param(None, "SecretNotFound", id="missing"),
        pytest.param(_malformed, "SecretInvalid", id="malformed"),
        pytest.param(_mismatched, "SecretInvalid", id="another key's certificate"),
        pytest.param(_other_type, "SecretInvalid", id="another type"),
    ],
)
async def test_a_bad_secret_costs_only_itself(
    serve: Serve, addresses: dict[str, str], bad: Callable[[str], Manifest] | None, reason: str
) -> None:
    """The other Secret serves, and an Event says what is wrong; alone it leaves HTTP; repaired it serves."""
    put_backends(serve, addresses)
    name = f"bad-{reason.lower()}-{bad.__name__.strip('_').replace('_', '-') if bad else 'none'}"
    good = self_signed("good.test")
    serve.write(f"{name}.yaml", good.secret(f"{name}-good"), *([bad(name)] if bad else []))
    serve.write(
        f"{name}-beside.yaml", ingress(f"{name}-beside", rule("", path("/", "red")), tls=[name, f"{name}-good"])
    )
    serve.write(f"{name}-alone.yaml", ingress(f"{name}-alone", rule("", path("/", "red")), tls=[name]))
    beside = await serve.front(f"{name}-beside", tls=True)
    assert await seen(beside, "m.test") == good.leaf
    await serve.event(reason, f"{name}-beside", text=name)
    alone = await serve.front(f"{name}-alone")
    assert alone.https is None
    assert await who(alone.plain) == "red"
    mended = self_signed("m.test")
    serve.write(f"{name}.yaml", good.secret(f"{name}-good"), mended.secret(name))
    await shows(await serve.front(f"{name}-alone", tls=True), "m.test", mended)
    await shows(beside, "m.test", mended)


async def test_a_rotated_certificate_is_served(serve: Serve, addresses: dict[str, str]) -> None:
    """New connections get the new one; one that has gone bad does not replace the one there is."""
    put_backends(serve, addresses)
    first, second = self_signed("r.test"), self_signed("r.test")
    serve.write("rotated-secret.yaml", first.secret("rotated"))
    serve.write("rotated.yaml", ingress("rotated", rule("", path("/", "red")), tls=["rotated"]))
    front = await serve.front("rotated", tls=True)
    await shows(front, "r.test", first)
    serve.write("rotated-secret.yaml", second.secret("rotated"))
    await shows(front, "r.test", second)
    serve.write("rotated-secret.yaml", _malformed("rotated"))
    await serve.event("SecretInvalid", "rotated")
    assert await seen(front, "r.test") == second.leaf


async def test_a_certificate_gone_bad_survives_a_restart(tmp_path: Path, addresses: dict[str, str]) -> None:
    """What was served is served on by the next serve too, until the Secret is mended."""
    async with serving(tmp_path) as serve:
        put_backends(serve, addresses)
        first, second = self_signed("k.test"), self_signed("k.test")
        serve.write("kept-secret.yaml", first.secret("kept"))
        serve.write("kept.yaml", ingress("kept", rule("", path("/", "red")), tls=["kept"]))
        front = await serve.front("kept", tls=True)
        await shows(front, "k.test", first)
        serve.write("kept-secret.yaml", _malformed("kept"))
        await serve.event("SecretInvalid", "kept")
        await serve.kill()
        await serve.start()
        await serve.event("DataPlaneTakenOver", "kept")
        serve.write("later.yaml", ingress("later", rule("", path("/", "red"))))
        await serve.front("later")
        assert await seen(front, "k.test") == first.leaf
        serve.write("kept-secret.yaml", second.secret("kept"))
        await shows(front, "k.test", second)


async def test_a_websocket_survives_another_certificate(serve: Serve, addresses: dict[str, str]) -> None:
    """A second Secret coming, rotating and going leaves connections of the first alone."""
    put_backends(serve, addresses)
    own = self_signed("ws.test")
    others = [self_signed("second.test"), self_signed("second.test")]
    serve.write("ws-own.yaml", own.secret("ws-own"))
    rules = rule("", path("/", "red"))
    serve.write("ws.yaml", ingress("ws", rules, tls=["ws-own"]))
    front = await serve.front("ws", tls=True)
    async with websocket(front.tls("ws.test"), host="ws.test") as session:

        async def speaks() -> None:
            await session.send_str("still")
            assert await session.receive_str() == "red: still"

        await speaks()
        serve.write("ws.yaml", ingress("ws", rules, tls=["ws-own", "ws-second"]))
        for pair in others:
            serve.write("ws-second.yaml", pair.secret("ws-second"))
            await shows(front, "second.test", pair)
            await speaks()
        serve.write("ws.yaml", ingress("ws", rules, tls=["ws-own"]))
        await shows(front, "second.test", own)
        await speaks()

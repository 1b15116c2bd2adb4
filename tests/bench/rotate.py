"""From the write of a Secret's file to the first handshake with the new certificate."""

import time
from pathlib import Path

from tests.bench.report import Result, median, milliseconds, quantile
from tests.support.certificates import self_signed
from tests.support.client import connect
from tests.support.manifests import ingress, path, rule, text, write_text
from tests.support.serve import serving
from tests.support.waiting import until

ROTATIONS = 50
HOST = "rotate.test"


async def measure(folder: Path) -> Result:
    """Shake hands again and again until the certificate is the new one."""
    result = Result(
        "rotate", f"write of a Secret to its certificate on the wire, {ROTATIONS} times", ["", "p50", "p99", "max"]
    )
    pairs = [self_signed(HOST), self_signed(HOST)]
    texts = [text([pair.secret("cert")]) for pair in pairs]
    async with serving(folder / "genkan") as serve:
        serve.write_text("secret.yaml", texts[1])
        serve.write("ingress.yaml", ingress("rotated", rule(HOST, path("/", "web")), tls=["cert"]))
        target = (await serve.front("rotated", tls=True)).tls(HOST)

        async def seen(leaf: bytes) -> bool:
            async with connect(target) as connection:
                return connection.certificate == leaf

        taken = []
        for number in range(ROTATIONS):
            leaf = pairs[number % 2].leaf
            began = time.perf_counter()
            write_text(serve.manifests / "secret.yaml", texts[number % 2])
            await until(lambda leaf=leaf: seen(leaf), what="the new certificate", interval=0.002)  # type: ignore[misc]
            taken.append(time.perf_counter() - began)
    p99 = quantile(taken, 0.99)
    result.rows.append(["a rotated certificate", *map(milliseconds, (median(taken), p99, max(taken)))])
    result.raw["seconds"] = taken
    result.at_most("p99, ms", p99 * 1000, 1000)
    return result

"""Each disruption under steady load, 50,000 requests on kept and 50,000 on new connections: none lost, none wrong."""

from pathlib import Path

from tests.bench.report import Result, milliseconds, quantile
from tests.support.disruptions import DISRUPTIONS, disrupt, stage

REQUESTS = 50_000
RATES = (1_500.0, 1_000.0)
TLS_RATES = (1_200.0, 600.0)


async def measure(folder: Path) -> Result:
    """One stage, one disruption after another; every loss is printed as it is counted."""
    result = Result("loss", "requests lost while something changes", ["", "requests", "lost", "wrong", "p99", "rounds"])
    sent, bad = [], 0
    async with stage(folder) as shop:
        for disruption in DISRUPTIONS:
            tallies = await disrupt(shop, disruption, requests=REQUESTS, rates=TLS_RATES if disruption.tls else RATES)
            for tally in tallies:
                p99 = milliseconds(quantile(tally.latencies, 0.99)) if tally.latencies else ""
                result.rows.append(
                    [tally.name, f"{tally.sent:,}", str(tally.lost), str(tally.wrong), p99, str(tally.rounds)]
                )
                result.raw[tally.name] = {
                    "sent": tally.sent,
                    "rounds": tally.rounds,
                    "losses": [str(loss) for loss in tally.losses],
                }
                sent.append(tally.sent)
                bad += len(tally.losses)
    result.at_least("fewest requests of a kind", min(sent), REQUESTS)
    result.at_most("lost or wrong", bad, 0)
    return result

"""Expiry of certificates: what the clock decides, kept out of translation.

Takes the traffic that was translated and the time now; gives conditions, and when they will change next, so that the edge can set a timer.
An expired certificate is still served: to refuse it would be worse for every client that does not check.
"""

from datetime import datetime, timedelta

from genkan.ir import Certificate, Condition, Reason, Traffic


def conditions(traffic: Traffic, now: datetime) -> tuple[Condition, ...]:
    """Tell which served certificates are not valid at `now` (an aware time)."""
    found = (_condition(certificate, now) for certificate in traffic.certificates)
    return tuple(sorted(condition for condition in found if condition))


def next_change(traffic: Traffic, now: datetime) -> datetime | None:
    """Give the next time after `now` at which `conditions` would differ, None when it never will."""
    moments = (
        moment for item in traffic.certificates for moment in (item.not_before, _first_invalid(item)) if moment > now
    )
    return min(moments, default=None)


def _first_invalid(certificate: Certificate) -> datetime:
    """RFC 5280, 4.1.2.5: a certificate is valid through its notAfter second, inclusive."""
    try:
        return certificate.not_after + timedelta(seconds=1)
    except OverflowError:
        return certificate.not_after


def _condition(certificate: Certificate, now: datetime) -> Condition | None:
    if now < certificate.not_before:
        text = f"the certificate is valid only from {_utc(certificate.not_before)}; it is served, and clients refuse it"
        return Condition(certificate.origin, Reason.CERTIFICATE_NOT_YET_VALID, text)
    if now >= _first_invalid(certificate):
        text = f"the certificate expired at {_utc(certificate.not_after)}; it is still served: renew it"
        return Condition(certificate.origin, Reason.CERTIFICATE_EXPIRED, text)
    return None


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

"""The arithmetic behind the tables, and the reading of the load generator's report."""

import os

import pytest

from tests.bench.proxy import Run, parse
from tests.bench.report import Result, milliseconds, quantile
from tests.bench.usage import cpu_seconds, private_kibibytes

WRK = """Running 2s test @ http://127.0.0.1:8080/
  1 threads and 32 connections
  Latency Distribution
     50%  640.00us
     75%  760.00us
     90%    1.02ms
     99%    {p99}
  91234 requests in 2.00s, 12.01MB read
{errors}Requests/sec:  45617.00
"""


@pytest.mark.parametrize(
    ("p99", "errors", "run"),
    [
        pytest.param("1.35ms", "", Run(91234, 0, 2.0, 0.00135), id="clean"),
        pytest.param("900.00us", "", Run(91234, 0, 2.0, 0.0009), id="microseconds"),
        pytest.param("1.20s", "  Non-2xx or 3xx responses: 7\n", Run(91234, 7, 2.0, 1.2), id="wrong statuses"),
        pytest.param(
            "2.00ms",
            "  Socket errors: connect 1, read 2, write 3, timeout 4\n",
            Run(91234, 10, 2.0, 0.002),
            id="sockets",
        ),
    ],
)
def test_wrk_is_read(p99: str, errors: str, run: Run) -> None:
    """Requests, every kind of error, and p99 in seconds."""
    assert parse(WRK.format(p99=p99, errors=errors), 2.0) == run


def test_what_wrk_does_not_say_is_no_figure() -> None:
    """A load generator that failed must not become a zero in a table."""
    with pytest.raises(RuntimeError, match="unable to connect"):
        parse("unable to connect to 127.0.0.1:8080", 1.0)


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 50), (0.99, 99), (1.0, 100)])
def test_quantile_is_the_nearest_rank(share: float, value: float) -> None:
    """Of 1 to 100 the share is the value itself."""
    assert quantile(list(range(100, 0, -1)), share) == value


def test_quantile_of_one_value_is_that_value() -> None:
    """However small the sample."""
    assert quantile([7.0], 0.99) == 7.0


def test_bars() -> None:
    """One missed bar is a missed result."""
    result = Result("name", "title", ["", "value"])
    result.at_least("ratio", 0.98, 0.97)
    result.at_most("errors", 0, 0)
    assert result.met
    result.at_most("p99", 251, 250)
    assert [bar.met for bar in result.bars] == [True, True, False]
    assert not result.met


@pytest.mark.parametrize(("seconds", "text"), [(0.0123, "12.3 ms"), (0.00004, "0.040 ms"), (2.0, "2000.0 ms")])
def test_times_are_shown_with_the_digits_they_need(seconds: float, text: str) -> None:
    """Milliseconds, and microseconds as their fractions."""
    assert milliseconds(seconds) == text


def test_a_process_is_measured() -> None:
    """This one has used time and memory."""
    assert cpu_seconds(os.getpid()) > 0
    assert private_kibibytes(os.getpid()) > 1024

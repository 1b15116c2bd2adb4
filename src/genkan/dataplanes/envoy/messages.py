"""The small pieces that every Envoy resource is made of."""

from envoy.config.core.v3 import config_source_pb2
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.wrappers_pb2 import UInt32Value


def packed(message: Message) -> Any:
    """Wrap a message with its type, byte for byte the same for equal messages."""
    wrapper = Any()
    wrapper.Pack(message, deterministic=True)
    return wrapper


def seconds(value: float) -> Duration:
    """Give a duration of so many seconds; 0 switches most of Envoy's timeouts off."""
    return Duration(seconds=int(value), nanos=round(value % 1 * 1e9))


def uint(value: int) -> UInt32Value:
    """Give a number where Envoy tells 0 from "not set"."""
    return UInt32Value(value=value)


def ads() -> config_source_pb2.ConfigSource:
    """Name the one stream over which everything comes.

    No time limit for the first answer: what waits (a warming cluster, a listener without its certificate) waits beside the old
    version, which goes on serving. With a limit, a control plane that dies half-way through an answer would leave clusters
    without endpoints in use.
    """
    return config_source_pb2.ConfigSource(
        ads=config_source_pb2.AggregatedConfigSource(),
        resource_api_version="V3",
        initial_fetch_timeout=seconds(0),
    )

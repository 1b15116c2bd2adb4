"""Calls the example's backend through Genkan: `client.py ADDRESS:PORT NAME` prints the answer."""

import sys

import grpc


def say_hello(address: str, name: str) -> str:
    """Make one call, with the Ingress's host as authority."""
    options = [("grpc.default_authority", "greeter.example.com")]
    with grpc.insecure_channel(address, options=options) as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/example.Greeter/SayHello")
        answer: bytes = call(name.encode(), timeout=10)
        return answer.decode()


if __name__ == "__main__":
    print(say_hello(*sys.argv[1:3]))

"""A gRPC backend without generated code: `server.py PORT`. Messages are plain UTF-8, which keeps the example small."""

import sys
from concurrent.futures import ThreadPoolExecutor

import grpc


def say_hello(name: bytes, _context: grpc.ServicerContext) -> bytes:
    """Answer one request."""
    return b"Hello, " + name


def serve(port: int) -> tuple[grpc.Server, int]:
    """Start serving on 127.0.0.1; port 0 takes a free one. Returns the server and the port."""
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    methods: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
        "SayHello": grpc.unary_unary_rpc_method_handler(say_hello)
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("example.Greeter", methods),))
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server, bound


if __name__ == "__main__":
    serve(int(sys.argv[1]))[0].wait_for_termination()

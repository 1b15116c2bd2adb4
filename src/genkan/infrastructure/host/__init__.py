"""Data planes as local processes, each on a loopback address of its own.

    infrastructure  HostInfrastructure: what the controller talks to
    supervisor      keeps one process running: start, readiness, back-off, replacement, end
    processes       start, find and watch processes of the operating system
    drain           ask a data plane whether it is ready, and to finish what it has begun
    connections     count the clients of an address
    addresses       choose address and ports
    sockets         where Unix sockets stand
    records         what is written to the state directory, and read from it by `genkan get`
    reports         the user's Ingress with status, and its Events (pure)
    state           which state directory belongs to which served directory, and who uses it

Nothing is imported here, so that reading a record does not load an HTTP client.
"""

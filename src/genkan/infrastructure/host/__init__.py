"""Data planes as local processes, each on a loopback address of its own."""

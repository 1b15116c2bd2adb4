"""Delta ADS: what a data plane shall have (snapshot), what one stream is told and when (stream), the gRPC edge (server)."""

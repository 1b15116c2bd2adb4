"""Measurements, always of two things side by side in one run: `make bench`, or `make bench ARGS="proxy memory"`.

proxy    requests per core and p99 through Genkan's configuration, and through the same Envoy with a minimal one
edit     from the write of a file to the new answer, at 10 and 1,000 routes, and where the time goes
rotate   from the write of a Secret to its certificate on the wire
memory   private memory of an idle data plane, and of the bare Envoy
many     200 Ingresses: time until all serve, memory of the controller, beside 200 bare Envoys
scale    one Ingress of 10 to 1,000 paths; one change with 10 to 10,000 Ingresses loaded
loss     each disruption under 50,000 requests of each kind
"""

"""A real one-node Kubernetes cluster for the tests, made from package registries alone.

`python -m tests.cluster --help` is the command line, `tests.cluster.fixtures` the pytest fixtures.
docs/explanation/the-test-cluster.md has the picture. Nothing under src/ imports this package.
"""

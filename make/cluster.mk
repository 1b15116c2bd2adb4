# A real one-node Kubernetes for the end-to-end tests. It needs Linux, root and Go; what else is missing it installs
# from Debian packages, or names. docs/how-to/run-the-end-to-end-tests.md says more.
.PHONY: cluster cluster-down images e2e e2e-smoke

CLUSTER := $(BIN)/python -m tests.cluster

cluster: setup ## start a one-node Kubernetes to play with (root)
	@$(CLUSTER) up

cluster-down: setup ## end it and remove every trace
	@$(CLUSTER) down

images: setup ## the container images as OCI archives, without a container engine
	@$(CLUSTER) images --load

e2e: setup ## end-to-end tests, on $KUBECONFIG or on a cluster of their own (ARGS="-k status")
	@$(CLUSTER) e2e -- $(ARGS)

e2e-smoke: setup ## the end-to-end tests that prove the most in a few minutes
	@$(CLUSTER) e2e -- -m smoke $(ARGS)

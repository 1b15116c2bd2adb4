"""Sources fill the stores: from a directory of manifests, or from a Kubernetes API."""

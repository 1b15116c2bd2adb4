"""The ingress front end: Kubernetes Ingress objects to the intermediate representation, an ordered list of small processors."""

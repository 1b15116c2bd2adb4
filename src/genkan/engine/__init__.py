"""Stores, indexes and queues of keys: knows no Kubernetes."""

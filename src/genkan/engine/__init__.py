"""Stores, indexes and queues of keys: knows no Kubernetes."""

from genkan.engine.index import DependencyIndex
from genkan.engine.queue import KeyQueue, Scope, work
from genkan.engine.store import Grouping, Store

__all__ = ["DependencyIndex", "Grouping", "KeyQueue", "Scope", "Store", "work"]

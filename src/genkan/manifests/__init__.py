"""Manifests: from the bytes of a file to objects, with every mistake named by file, line, object, field and reason.

Takes YAML or JSON as kubectl does; gives the model's objects as the API server would hold them. Watches nothing and waits for nothing.
"""

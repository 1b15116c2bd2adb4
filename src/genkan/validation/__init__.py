"""Checking manifests: what the files say wrong, what translation says about them, and what an API server would refuse.

Takes documents and conditions as they are; gives problems with file and line. Pure: reads nothing, decides nothing about serving.
"""

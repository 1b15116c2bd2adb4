"""Checks of the repository itself: each module is one rule, takes the root folder, gives the breaches as lines of text.

A line begins with `path:line:` where there is one, so that editors jump to it.
"""

"""Forget a person: out of every table, list, tool and file of the project, for good.

What stays is a salted hash of each identifier, in a seed, so that raw rows of the person
are read no more. Raw files belong to the systems that wrote them and are left alone.
"""

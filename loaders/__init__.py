"""Terminology formats: one module a format, each a stream of `graph.model` records."""

"""Flat tables over HTTP, for tools without GraphQL: `endpoint` answers with `rows` in one of the `formats`."""

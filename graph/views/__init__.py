"""A release, or some concepts of it, in the forms that other tools read: tables, networks, RDF."""

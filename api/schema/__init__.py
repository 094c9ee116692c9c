"""The GraphQL schema, a module a type or family of types; `build` puts it together."""

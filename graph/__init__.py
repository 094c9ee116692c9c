"""The concept graph: records, stores and the compiled is-a hierarchy. Imports nothing else of Enlace."""

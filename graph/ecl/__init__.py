"""The Expression Constraint Language over a release: grammar, syntax tree, printer, compiled content, evaluator."""

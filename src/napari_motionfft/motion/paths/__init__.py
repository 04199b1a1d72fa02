"""Motion that is not constant: polynomials, splines, a free path, jumps (docs/method.md § 7)."""

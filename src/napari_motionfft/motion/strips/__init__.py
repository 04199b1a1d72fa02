"""Motion along a line: strips, kymographs, velocity against time (docs/method.md § 11)."""

"""An object that is followed through the frame (docs/method.md § 5, § 7)."""

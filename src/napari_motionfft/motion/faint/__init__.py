"""Synthetic tracking: objects too faint for any single frame, found by shift and stack."""

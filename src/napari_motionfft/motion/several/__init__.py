"""Several motions in one stack: layers that add up, or one in front of another."""

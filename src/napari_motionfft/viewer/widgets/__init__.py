"""The dock widgets: thin shells over functions that scripts can call."""

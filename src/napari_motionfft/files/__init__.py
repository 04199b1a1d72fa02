"""Reading and writing: tables, stacks, pictures; no napari, no Qt."""

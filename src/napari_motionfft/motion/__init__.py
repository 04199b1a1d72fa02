"""The science: frames in, motion out. Imports neither napari nor Qt nor file formats."""

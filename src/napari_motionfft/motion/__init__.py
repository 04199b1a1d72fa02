"""The science: frames in, motion out. Imports neither napari nor Qt nor file formats."""

import os

# Small FFTs on cores that others use as well (napari itself, for one): torch's threads otherwise
# wait for each other in a busy loop, and a run of 0.06 s takes 3 s. Read when torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

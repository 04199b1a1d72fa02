"""The napari floor: layers in, layers out, with Qt in the widgets alone."""

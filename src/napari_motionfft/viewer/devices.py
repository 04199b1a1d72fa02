"""The devices of this machine by their real names; imports torch, so not for the main thread."""

from __future__ import annotations


def device_choices() -> list[tuple[str, str]]:
    """(name to show, value of `device=`) pairs, "auto" first.

    Raises
    ------
    MotionError
        torch does not load here.
    """
    from napari_motionfft.viewer.worker import load_torch

    load_torch()
    from napari_motionfft.motion.device import choose_device, describe_device, device_names

    names = [(describe_device(choose_device(name)), name) for name in device_names()]
    # "auto (NVIDIA H200)": short enough for a narrow menu, whose tooltip has it all
    return [
        (f"auto ({text.split(' (')[0]})" if name == "auto" else text, name) for text, name in names
    ]

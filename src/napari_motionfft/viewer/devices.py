"""torch, loaded when it is needed, and the devices of this machine by their real names."""

from __future__ import annotations

from napari_motionfft.motion.errors import MotionError


def load_torch() -> None:
    """Import torch, or say what to do.

    Raises
    ------
    MotionError
        torch does not load here.
    """
    try:
        import torch  # noqa: F401
    except (ImportError, OSError) as error:
        raise MotionError(
            f"PyTorch does not load ({error}). On Windows it can fail once a window is open: "
            "start napari with `napari-motionfft view`, or reinstall torch."
        ) from error


def device_choices() -> list[tuple[str, str]]:
    """(name to show, value of `device=`) pairs, "auto" first. Imports torch, which takes seconds.

    Raises
    ------
    MotionError
        torch does not load here.
    """
    load_torch()
    from napari_motionfft.motion.device import choose_device, describe_device, device_names

    names = [(describe_device(choose_device(name)), name) for name in device_names()]
    # "auto (NVIDIA H200)": short enough for a narrow menu, whose tooltip has it all
    return [
        (f"auto ({text.split(' (')[0]})" if name == "auto" else text, name) for text, name in names
    ]

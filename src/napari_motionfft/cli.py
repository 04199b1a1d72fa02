"""The command `napari-motionfft`: demo, estimate, view."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from napari_motionfft import __version__
from napari_motionfft.motion.errors import MotionError

if TYPE_CHECKING:
    from napari_motionfft.motion.result import Motion

USER_ERRORS = (ValueError, TypeError, OSError, MemoryError, MotionError)
RESULTS = ("motion.csv", "motion.json", "integrated.tif", "landscape.tif")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv
        Arguments after the program's name; None takes those of the process.

    Returns
    -------
    int
        0 when it worked (also where the motion is not reliable, which is then said), 2 for bad
        input, 130 when interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        # a terminal that lacks ± or ° must not end the run
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    asked = parser().parse_args(argv)
    command: Callable[[argparse.Namespace], None] = asked.command
    try:
        command(asked)
    except KeyboardInterrupt:
        complain("interrupted")
        return 130
    except USER_ERRORS as error:
        complain(words(error))
        return 2
    return 0


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(
        prog="napari-motionfft", description="How a scene moves, and how sure that is."
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="run on packaged data and show the results")
    demo.add_argument("--out", type=Path, default=Path("demo-output"), help="folder for pictures")
    demo.add_argument(
        "--no-window", action="store_true", help="save a picture of the window, do not stay open"
    )
    demo.set_defaults(command=run_demo)

    one = commands.add_parser(
        "estimate",
        help="estimate the motion of one stack and write the results",
        epilog=f"Writes {', '.join(RESULTS)}.",
    )
    one.add_argument("stack", metavar="STACK", type=Path, help=".tif, .npy, zarr store or video")
    add_model(one)
    one.add_argument(
        "--out", type=Path, help="folder for the results; default: '<stack name>-motion'"
    )
    one.add_argument("--force", action="store_true", help="overwrite earlier results")
    one.add_argument(
        "--region", type=region, metavar="Y0:Y1,X0:X1", help="part of the frame, in px"
    )
    one.add_argument(
        "--track", action="store_true", help="the region follows the object that it shows at first"
    )
    one.add_argument("--max-speed", type=float, metavar="PX", help="search range, px/frame")
    one.add_argument("--weight", default="auto", help="spectral weight; default: %(default)s")
    one.add_argument("--background", default="none", help="none or static; default: %(default)s")
    one.add_argument(
        "--prefilter", default="none", help="none, gradient, laplacian or dog; default: %(default)s"
    )
    one.add_argument("--device", default="auto", help="auto, cpu, cuda, mps; default: %(default)s")
    one.set_defaults(command=run_estimate)

    view = commands.add_parser("view", help="open napari with the widget")
    view.add_argument("stack", metavar="STACK", type=Path, nargs="?", help="open this stack")
    view.set_defaults(command=run_view)
    return top


def add_model(one: argparse.ArgumentParser) -> None:
    """How the motion may change in time; the names are those of `estimate_motion`."""
    one.add_argument(
        "--model",
        default="velocity",
        help="velocity, polynomial, spline, free or auto; default: %(default)s",
    )
    for name, text in {
        "degree": "of the polynomial",
        "knots": "intervals of the spline",
        "binning": "frames that share a node of the free path",
    }.items():
        one.add_argument(
            f"--{name}", type=int, metavar="N", help=f"{text}; default: the data choose"
        )
    one.add_argument(
        "--effort", default="balanced", help="fast, balanced or precise; default: %(default)s"
    )
    one.add_argument(
        "--frame-weights",
        default="none",
        metavar="KIND",
        help="none, geometric or sharpness; default: %(default)s",
    )
    one.add_argument(
        "--canvas",
        default="frame",
        help="of the integrated image: frame, or union for the whole travelled field; "
        "default: %(default)s",
    )


def region(text: str) -> tuple[slice, slice]:
    """ "10:90,20:200" → (slice(10, 90), slice(20, 200)); an open end is the frame's."""
    try:
        y, x = text.split(",")
        return extent(y), extent(x)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not Y0:Y1,X0:X1 in px") from None


def extent(text: str) -> slice:
    """ "10:90" → slice(10, 90)."""
    start, stop = (int(end) if end.strip() else None for end in text.split(":"))
    return slice(start, stop)


def run_estimate(asked: argparse.Namespace) -> None:
    """`napari-motionfft estimate STACK`."""
    name = asked.stack.resolve().stem.removesuffix(".ome")
    out: Path = asked.out or Path(f"{name}-motion")
    refuse_to_overwrite(out, asked.force)

    from napari_motionfft.files.stacks import read_stack

    stack = read_stack(asked.stack)
    load_torch()

    from napari_motionfft.motion.estimate import estimate_motion

    count, height, width = stack.shape
    print(f"{asked.stack.name}: {count} frames of {height} × {width} px", flush=True)
    motion = estimate_motion(
        stack,
        asked.model,
        region=asked.region,
        track=asked.track,
        max_speed=asked.max_speed,
        weight=asked.weight,
        background=asked.background,
        prefilter=asked.prefilter,
        degree=asked.degree,
        knots=asked.knots,
        binning=asked.binning,
        effort=asked.effort,
        frame_weights=asked.frame_weights,
        canvas=asked.canvas,
        device=asked.device,
        progress=progress_bar(),
    )
    from napari_motionfft.summary import summary

    print("\n".join(summary(motion)), flush=True)
    write_results(motion, out)
    print(f"{'written':<11} {', '.join(RESULTS)} in {out}")


def refuse_to_overwrite(out: Path, force: bool) -> None:
    """Before any work: the results must have somewhere to go."""
    if out.exists() and not out.is_dir():
        raise ValueError(f"--out {out} is a file, not a folder")
    there = [name for name in RESULTS if (out / name).exists()]
    if there and not force:
        raise ValueError(f"{out} holds {', '.join(there)} already; use --force or another --out")


def write_results(motion: Motion, out: Path) -> None:
    """All four files of a result into one folder, which is made if need be."""
    from napari_motionfft.files.images import landscape_metadata, write_image
    from napari_motionfft.files.tables import save_motion

    out.mkdir(parents=True, exist_ok=True)
    save_motion(motion, out / "motion.csv")
    save_motion(motion, out / "motion.json")
    (y0, x0), (height, width) = motion.origin, motion.integrated.shape
    place = [y0, y0 + height, x0, x0 + width]  # of frame 0; a canvas may begin outside it
    write_image(out / "integrated.tif", motion.integrated, {"region_y0_y1_x0_x1": place})
    write_image(
        out / "landscape.tif", motion.landscape.values, landscape_metadata(motion.landscape)
    )


def run_view(asked: argparse.Namespace) -> None:
    """`napari-motionfft view [STACK]`."""
    if asked.stack is not None and not asked.stack.exists():
        raise FileNotFoundError(f"No such file: {asked.stack}")
    load_torch()

    from napari_motionfft.demo import no_window

    if problem := no_window():
        raise OSError(f"no window: {problem}")

    from napari_motionfft.viewer.open import open_viewer

    open_viewer(asked.stack)


def run_demo(asked: argparse.Namespace) -> None:
    """`napari-motionfft demo`."""
    load_torch()

    from napari_motionfft.demo import demo

    demo(asked.out, window=not asked.no_window, progress=progress_bar())


def load_torch() -> None:
    """Import torch before Qt: on Windows the other order can fail.

    Raises
    ------
    OSError
        One of torch's libraries did not load; says what to do.
    """
    try:
        import torch  # noqa: F401
    except OSError as error:
        raise OSError(
            f"PyTorch could not be loaded ({error}). On Windows, install the newest Microsoft "
            "Visual C++ Redistributable (x64), then reinstall torch; see https://pytorch.org."
        ) from error


def progress_bar() -> Callable[[float, str], None] | None:
    """A line on stderr that rewrites itself, where that is a terminal."""
    if not sys.stderr.isatty():
        return None

    def show(fraction: float, message: str) -> None:
        text = "" if fraction >= 1 else f"[{100 * fraction:3.0f} %] {message}"
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()

    return show


def complain(text: str) -> None:
    """One line on stderr."""
    start = "\r\x1b[K" if sys.stderr.isatty() else ""
    print(f"{start}napari-motionfft: {text}", file=sys.stderr)


def words(error: BaseException) -> str:
    """An error's message on one line; the system's errors without their number."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.strerror}: {error.filename}"
    return " ".join(str(error).split()) or type(error).__name__


if __name__ == "__main__":
    sys.exit(main())

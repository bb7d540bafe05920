"""What a page of full training shows of the run behind it: what kind it was, how it went, its record."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from course_pkg._validate import choice, signal
from course_pkg.plots.figure import INPUT, MUTED, OUTPUT, SECOND, Figure, drawing

PROFILES = ("full", "smoke")
_CURVES = ((OUTPUT, "o"), (SECOND, "s"), (MUTED, "^"))


@dataclass(frozen=True)
class Notice:
    """A box in the page, as the book's other admonitions.

    Examples
    --------
    >>> Notice("Beware", "2 < 3 is true.")
    Beware: 2 < 3 is true.
    """

    title: str
    """What stands above it."""
    text: str
    """What it says, plain text; what stands between backticks is code."""

    def _repr_html_(self) -> str:
        title, text = (html.escape(words, quote=False) for words in (self.title, self.text))
        text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
        inside = f'<p class="admonition-title">{title}</p>\n<p>{text}</p>'
        return f'<div class="admonition warning">\n{inside}\n</div>'

    def __repr__(self) -> str:
        return f"{self.title}: {self.text}"


def notice(profile: str, name: str) -> Notice | None:
    """The warning that what a page shows comes from a smoke run; None for a page of a full run.

    Parameters
    ----------
    profile
        "full" or "smoke".
    name
        What is trained, as `python -m course_pkg train` knows it.

    Raises
    ------
    TypeError, ValueError
        If there is no such profile.

    Examples
    --------
    >>> notice("smoke", "alexnet").title
    'A smoke run, no result'
    >>> notice("full", "alexnet") is None
    True
    """
    if choice("profile", profile, PROFILES) == "full":
        return None
    return Notice(
        "A smoke run, no result",
        "What this page shows comes from a run of seconds without a GPU: a small network, data that come "
        "with the book, few steps. It shows that each step below works, and nothing else. The full run needs "
        f"a GPU: `python -m course_pkg train {name}`. None has been made for this page, so what it says of "
        "the full run is an aim, no measurement.",
    )


def record(card: Mapping[str, Any]) -> dict[str, str]:
    """What there is to say of a run: what was done, on what, how fast, with how much memory.

    Parameters
    ----------
    card
        Of a `FullRun`.

    Returns
    -------
    dict
        Values as text, by what they are.

    Examples
    --------
    >>> card = {"profile": "smoke", "set": "digits", "seed": 0, "hardware": "CPU, 2 cores", "torch": "2.13.0",
    ...         "wall_seconds": 75.2, "images_per_second": 1234.5, "peak_memory_bytes": 3_210_000_000}
    >>> record(card)["wall time"], record(card)["throughput"], record(card)["peak memory"]
    ('1 min 15 s', '1,234 images a second', '3.2 GB')
    """
    minutes, seconds = divmod(round(card["wall_seconds"]), 60)
    rate = card["images_per_second"]
    return {
        "profile": card["profile"],
        "data": card["set"],
        "seed": str(card["seed"]),
        "hardware": card["hardware"],
        "torch": card["torch"],
        "wall time": f"{minutes} min {seconds} s" if minutes else f"{seconds} s",
        "throughput": "not known" if rate is None else f"{rate:,.0f} images a second",
        "peak memory": f"{card['peak_memory_bytes'] / 1e9:.1f} GB",
    }


def learning_curves(steps: ArrayLike, metrics: Mapping[str, ArrayLike], ylabel: str) -> Figure:
    """Draw the loss against training step, and below it what was measured on held-out examples meanwhile.

    The alternative text says where each curve begins and ends.

    Parameters
    ----------
    steps : array, (records,)
        Updates taken before each record.
    metrics : mapping of name to array, (records,)
        As in a training history: "loss", whose first value is not known, and one to three figures besides;
        "learning_rate" is left out.
    ylabel : str
        What the figures are.

    Raises
    ------
    TypeError
        If values are no numbers.
    ValueError
        If there is no loss, no figure or more than three, or a curve has not a value for each record.

    Examples
    --------
    >>> learning_curves([0, 10, 20], {"loss": [np.nan, 2, 1], "error": [0.9, 0.5, 0.25]}, "share wrong")
    Figure: Training loss from 2 to 1; on held-out examples error from 0.9 to 0.25, after 20 steps.
    """
    at = signal("steps", np.asarray(steps), ndim=1)
    watched = {name: metrics[name] for name in metrics if name not in ("loss", "learning_rate")}
    if "loss" not in metrics or not 1 <= len(watched) <= len(_CURVES):
        raise ValueError(f"metrics: got {', '.join(metrics)}, expected loss and one to three figures")
    loss = signal("metrics['loss']", np.asarray(metrics["loss"])[1:], ndim=1)
    curves = {name: signal(f"metrics[{name!r}]", np.asarray(each), ndim=1) for name, each in watched.items()}
    for name, each in {"loss": np.append(loss, loss[-1:]), **curves}.items():
        if each.shape != at.shape:
            raise ValueError(f"metrics[{name!r}]: got {each.size} values, expected {at.size}, one a record")
    with drawing(2, height=4.4, sharex=True) as (figure, [above, below]):
        above.plot(at[1:], loss, color=INPUT, marker="o", markersize=3)
        above.set_ylabel("training loss")
        for (name, each), (colour, mark) in zip(curves.items(), _CURVES, strict=False):
            below.plot(at, each, color=colour, marker=mark, markersize=4, label=name.replace("_", " "))
        below.set(xlabel="step", ylabel=ylabel)
        below.legend()
        for axes in (above, below):
            axes.grid(axis="y", color=MUTED, alpha=0.25, linewidth=0.8)
    ends = [f"{name} from {each[0]:.3g} to {each[-1]:.3g}" for name, each in curves.items()]
    alt = (
        f"Training loss from {loss[0]:.3g} to {loss[-1]:.3g}; on held-out examples {', '.join(ends)}, after "
        f"{at[-1]:,.0f} steps."
    )
    return Figure(figure, alt)

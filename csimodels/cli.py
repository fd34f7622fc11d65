"""The command line: list models, fit a file, run the demonstration."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from csimodels.errors import CSIError, CSIWarning, DataError, OptionError

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0, or 2 with one line on bad input.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; by default those of the process.

    Returns
    -------
    int

    Examples
    --------
    >>> main(["fit", "no_such_file.csv"])
    2
    """
    args = _parser().parse_args(argv)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CSIWarning)
            args.run(args)
    except CSIError as error:
        print(f"csimodels: {str(error).splitlines()[0]}", file=sys.stderr)
        return 2
    return 0


class _OneLineParser(argparse.ArgumentParser):
    """Complain in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _OneLineParser(prog="csimodels", description="Satisfaction-index models: path coefficients, fit, the 0-100 index.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listing = commands.add_parser("models", help="list the catalog")
    listing.set_defaults(run=_models)
    fitting = commands.add_parser("fit", help="fit a model to a file")
    fitting.add_argument("file", metavar="FILE", help="survey answers, .csv or .parquet")
    fitting.add_argument("--model", default="acsi_1996", help="catalog name or TOML file (default acsi_1996)")
    fitting.add_argument(
        "--map",
        nargs="+",
        action="extend",
        default=[],
        metavar="ITEM=COLUMN",
        help="your column for an item of the model",
    )
    fitting.add_argument("--without", nargs="+", default=[], metavar="NAME", help="constructs or items the survey does not have")
    fitting.add_argument("--scale", nargs=2, type=float, metavar=("LO", "HI"), help="theoretical answer scale")
    fitting.add_argument("--na-values", nargs="+", type=float, metavar="CODE", help='codes that mean "don\'t know"')
    fitting.add_argument("--missing", default="listwise", help="listwise or mean")
    fitting.add_argument("--weights", metavar="COLUMN", help="column of row weights")
    fitting.add_argument("--estimator", default="ml", help="ml, pls or plsc")
    fitting.add_argument("--scheme", default="path", help="inner weights of PLS: path, factorial or centroid")
    fitting.add_argument("--bootstrap", type=int, metavar="N", help="bootstrap N resamples and print their summary")
    fitting.add_argument("--seed", type=int, default=1, help="seed of the bootstrap (default 1)")
    fitting.add_argument("--engine", default="semopy", help="semopy or native")
    fitting.add_argument("--html", metavar="PATH", help="write a report")
    fitting.add_argument("--json", metavar="PATH", help="write the result")
    fitting.set_defaults(run=_fit)
    demo = commands.add_parser("demo", help="fit the real ECSI survey and the ACSI demo data, write reports and pictures")
    demo.add_argument("--out", default="demo_report", metavar="FOLDER", help="folder for the report (default demo_report)")
    demo.set_defaults(run=_demo)
    return parser


def _models(_: argparse.Namespace) -> None:
    from csimodels.catalog import models

    print(models()[["constructs", "items", "target", "confidence", "title"]].to_string())


def _fit(args: argparse.Namespace) -> None:
    from csimodels.api import fit

    data = read_file(args.file)
    result = fit(
        args.model,
        data,
        estimator=args.estimator,
        scheme=args.scheme,
        engine=args.engine,
        columns=dict(_pair(text) for text in args.map) or None,
        without=args.without,
        scale=None if args.scale is None else tuple(args.scale),
        na_values=args.na_values,
        missing=args.missing,
        weights=args.weights,
    )
    print(result.summary())
    if args.bootstrap is not None:
        print()
        print(result.bootstrap(data, n_boot=args.bootstrap, seed=args.seed).summary())
    if args.html:
        result.to_html(args.html)
        print(f"wrote {args.html}")
    if args.json:
        result.to_json(args.json)
        print(f"wrote {args.json}")


def _demo(args: argparse.Namespace) -> None:
    from csimodels.demo import run

    run(Path(args.out))


def _pair(text: str) -> tuple[str, str]:
    item, equals, column = text.partition("=")
    if not (item and equals and column):
        raise OptionError(
            "cli.map",
            f"--map got {text!r}.",
            variable="--map",
            value=text,
            hint="Write ITEM=COLUMN, e.g. sat_overall=Q5.",
        )
    return item, column


def read_file(path: str) -> Any:
    """Read a CSV or Parquet file into a frame."""
    import pandas as pd

    file = Path(path)
    if not file.is_file():
        raise DataError("file.not_found", f"There is no file {path!r}.", variable="FILE", value=path, hint="Check the path.")
    try:
        if file.suffix.lower() == ".parquet":
            return pd.read_parquet(file)
        if file.suffix.lower() in (".csv", ".txt"):
            return pd.read_csv(file)
    except ImportError:
        raise DataError(
            "file.no_parquet",
            "Reading Parquet needs pyarrow.",
            variable="FILE",
            value=path,
            hint="pip install pyarrow.",
        ) from None
    except (ValueError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(
            "file.unreadable",
            f"{path!r} cannot be read: {reason}.",
            variable="FILE",
            value=path,
            hint="Check its format.",
        ) from None
    raise DataError(
        "file.unknown_type",
        f"{path!r} is neither .csv nor .parquet.",
        variable="FILE",
        value=file.suffix,
        hint="Convert it, or read it with pandas and call fit().",
    )

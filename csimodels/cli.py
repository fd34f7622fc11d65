"""The command line: list models, print questionnaires, match and fit files, run the demonstration."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from csimodels.errors import CSIError, CSIWarning, DataError, DataWarning, OptionError

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
    _add_survey(fitting)
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
    fitting.add_argument("--missing", default="listwise", help="listwise, mean, fiml, two-stage or em")
    fitting.add_argument("--weights", metavar="COLUMN", help="column of row weights")
    fitting.add_argument("--clusters", metavar="COLUMN", help="column of groups of rows that were sampled together")
    fitting.add_argument("--estimator", default="ml", help="ml, mlr, mlm, mlmv, gls, wlsmv, ..., pls or plsc")
    fitting.add_argument("--ordinal", nargs="*", metavar="ITEM", help="ordered items, for wlsmv; all of them where none is named")
    fitting.add_argument("--scheme", default="path", help="inner weights of PLS: path, factorial or centroid")
    fitting.add_argument("--bootstrap", type=int, metavar="N", help="bootstrap N resamples and print their summary")
    fitting.add_argument("--seed", type=int, default=1, help="seed of the bootstrap (default 1)")
    fitting.add_argument("--engine", default="semopy", help="semopy or native")
    fitting.add_argument("--html", metavar="PATH", help="write a report, with the intervals of the bootstrap where there is one")
    fitting.add_argument("--lang", default="en", help="language of the report, en or zh (default en)")
    fitting.add_argument("--json", metavar="PATH", help="write the result")
    fitting.set_defaults(run=_fit)
    matching = commands.add_parser("match", help="propose a column of a file for every item of a model")
    _add_survey(matching)
    matching.set_defaults(run=_match)
    asking = commands.add_parser("questionnaire", help="print a model's questionnaire")
    asking.add_argument("model", metavar="MODEL", help="catalog name or TOML file")
    asking.add_argument("--lang", default="en", help="en or zh (default en)")
    asking.add_argument("--csv", metavar="PATH", help="write a table instead")
    asking.set_defaults(run=_questionnaire)
    demo = commands.add_parser("demo", help="fit the real ECSI survey and the ACSI demo data, write reports and pictures")
    demo.add_argument("--out", default="demo_report", metavar="FOLDER", help="folder for the report (default demo_report)")
    demo.set_defaults(run=_demo)
    return parser


def _add_survey(command: argparse.ArgumentParser) -> None:
    """Add the file and how it is read."""
    command.add_argument("file", metavar="FILE", help="survey answers: .csv, .parquet, .xlsx or .sav")
    command.add_argument("--model", default="acsi_1996", help="catalog name or TOML file (default acsi_1996)")
    command.add_argument("--sheet", help="name of a sheet of an Excel file, or its number from 0 (default the first)")
    command.add_argument("--answers", nargs="+", default=[], metavar="TEXT=NUMBER", help="numbers of answers in words")


def _survey(args: argparse.Namespace) -> Any:
    from csimodels.fieldfiles import read_survey

    words = dict(_pair(text, "--answers", "TEXT=NUMBER, e.g. agree=4") for text in args.answers)
    answers = {word: _number(word, value) for word, value in words.items()} or None
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", DataWarning)
        try:
            data = read_survey(args.file, sheet=args.sheet, answers=answers)
        except DataError as error:
            # a sheet may be called "2024", so a number is one only where it is no name
            if error.code != "file.no_sheet" or not str(args.sheet).isdecimal():
                raise
            data = read_survey(args.file, sheet=int(args.sheet), answers=answers)
    for warning in said:
        print(f"csimodels: {warning.message}", file=sys.stderr)
    return data


def _number(word: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        problem = f"--answers maps {word!r} to {text!r}."
        raise OptionError("cli.answers", problem, variable="--answers", value=text, hint="Give a number.") from None


def _models(_: argparse.Namespace) -> None:
    from csimodels.catalog import models

    print(models()[["family", "constructs", "items", "target", "confidence", "title"]].to_string())


def _fit(args: argparse.Namespace) -> None:
    from csimodels.api import fit

    data = _survey(args)
    result = fit(
        args.model,
        data,
        estimator=args.estimator,
        scheme=args.scheme,
        engine=args.engine,
        columns=dict(_pair(text, "--map", "ITEM=COLUMN, e.g. sat_overall=Q5") for text in args.map) or None,
        without=args.without,
        scale=None if args.scale is None else tuple(args.scale),
        na_values=args.na_values,
        missing=args.missing,
        weights=args.weights,
        clusters=args.clusters,
        ordinal=False if args.ordinal is None else args.ordinal or True,
    )
    print(result.summary())
    shown: Any = result
    if args.bootstrap is not None:
        drawn = result.bootstrap(data, n_boot=args.bootstrap, seed=args.seed)
        print(f"\n{drawn.summary()}")
        # the bootstrap of a composite index has no page of its own
        shown = drawn if hasattr(drawn, "to_html") else result
    if args.html:
        shown.to_html(args.html, lang=args.lang)
        print(f"wrote {args.html}")
    if args.json:
        _require_json(result)
        result.to_json(args.json)
        print(f"wrote {args.json}")


def _demo(args: argparse.Namespace) -> None:
    from csimodels.demo import run

    run(Path(args.out))


def _require_json(result: Any) -> None:
    if not hasattr(result, "to_json"):
        text = f"{result.spec.name!r} is a composite index, which has no JSON file."
        raise OptionError("cli.json", text, variable="--json", value=result.spec.name, hint="Use --html, or read res.index.")


def _match(args: argparse.Namespace) -> None:
    from csimodels.matches import match_columns

    found = match_columns(args.model, _survey(args))
    print(found)
    other = [f'"{item}={column}"' for item, column in found.columns.items() if item != column]
    if other:
        print(f"\nIf it is right: --map {' '.join(other)}")


def _questionnaire(args: argparse.Namespace) -> None:
    from csimodels.catalog import as_spec

    sheet = as_spec(args.model).questionnaire(lang=args.lang)
    if args.csv:
        sheet.to_csv(args.csv)
        print(f"wrote {args.csv}")
    else:
        print(sheet.to_markdown())


def _pair(text: str, option: str, form: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not (left and equals and right):
        raise OptionError("cli.pair", f"{option} got {text!r}.", variable=option, value=text, hint=f"Write {form}.")
    return left, right

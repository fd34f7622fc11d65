"""Errors and warnings: one tree, by the stage at which a call goes wrong."""

from __future__ import annotations

from typing import Any

__all__ = [
    "CSIError",
    "CSIWarning",
    "CatalogError",
    "CollinearityWarning",
    "ConvergenceWarning",
    "DataError",
    "DataWarning",
    "EstimationError",
    "IdentificationError",
    "ImproperSolutionWarning",
    "IndexWarning",
    "MissingStatisticError",
    "ModelSyntaxError",
    "OptionError",
    "ResultFileError",
    "ScaleError",
    "ScaleWarning",
    "SpecError",
]


class CSIError(ValueError):
    """Base of every error that csimodels raises on purpose.

    Parameters
    ----------
    code : str
        Stable identifier of the kind of bad input, e.g. ``"data.missing_column"``.
    problem : str
        What is wrong, in one sentence.
    variable : str, optional
        The variable, construct, option or file concerned.
    value : object, optional
        The offending value.
    hint : str
        The next step.

    Attributes
    ----------
    code, variable, value, hint
        As given.

    Examples
    --------
    >>> import csimodels as csi
    >>> try:
    ...     csi.load_model("acsi")
    ... except csi.CSIError as error:
    ...     print(error.code, error.value)
    catalog.unknown_model acsi
    """

    def __init__(self, code: str, problem: str, *, variable: str | None = None, value: Any = None, hint: str = "") -> None:
        self.code, self.problem, self.variable, self.value, self.hint = code, problem, variable, value, hint
        super().__init__(_sentence(code, problem, hint))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by rebuilding, so that an error crosses a process boundary whole."""
        return _rebuild, (type(self), self.code, self.problem, self.variable, self.value, self.hint)


def _rebuild(kind: type[CSIError], code: str, problem: str, variable: str | None, value: Any, hint: str) -> CSIError:
    return kind(code, problem, variable=variable, value=value, hint=hint)


def _sentence(code: str, problem: str, hint: str) -> str:
    return f"{problem} {hint} [{code}]" if hint else f"{problem} [{code}]"


class SpecError(CSIError):
    """The model itself is not a valid one."""


class ModelSyntaxError(SpecError):
    """A line of lavaan or TOML text cannot be read, or a model cannot be written as such text."""


class CatalogError(CSIError):
    """A model name is not in the catalog."""


class OptionError(CSIError):
    """An argument has a value that is not allowed."""


class DataError(CSIError):
    """The data cannot be used as they are."""


class ScaleError(DataError):
    """Theoretical scales are missing or malformed, or answers lie outside them."""


class MissingStatisticError(CSIError):
    """The moments given do not hold what is asked for."""


class IdentificationError(CSIError):
    """The estimator cannot identify the model."""


class EstimationError(CSIError):
    """Estimation could not produce a solution at all."""


class ResultFileError(CSIError):
    """A saved result cannot be read."""


class CSIWarning(UserWarning):
    """Base of every warning that csimodels emits."""


class ScaleWarning(CSIWarning):
    """The answers look as if they were given on another scale than the declared one."""


class DataWarning(CSIWarning):
    """Rows were dropped or answers replaced."""


class ConvergenceWarning(CSIWarning):
    """The optimiser did not reach an optimum."""


class ImproperSolutionWarning(CSIWarning):
    """The solution is inadmissible: negative variance, standardised value beyond one, or latent covariance not positive definite."""


class CollinearityWarning(CSIWarning):
    """Constructs are nearly linear functions of each other, so that paths among them are not to be trusted."""


class IndexWarning(CSIWarning):
    """The weights of an index had to be replaced or are negative."""

"""The text side of a spec: lavaan syntax and TOML, in and out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from csimodels.elements import Scale
    from csimodels.spec import ModelSpec

__all__ = ["Textual"]


class Textual:
    """Add readers and writers to a spec."""

    @classmethod
    def from_lavaan(
        cls,
        text: str,
        target: str | None = None,
        scale: Scale | Mapping[str, Scale] | None = None,
        name: str = "lavaan",
    ) -> ModelSpec:
        """Read a model from lavaan syntax.

        Parameters
        ----------
        text : str
            Model syntax: ``=~``, ``~``, ``~~`` with fixed values, ``NA*``, labels, ``;``, comments and continuation lines.
        target : str, optional
            The construct of the index.
        scale : tuple or mapping, optional
            Theoretical (lowest, highest) answer for every item, or by item or construct.
        name : str
            Name of the spec.

        Returns
        -------
        ModelSpec

        Raises
        ------
        ModelSyntaxError
            A line or an operator is not understood; line and token are named and nothing is skipped.

        Examples
        --------
        >>> import csimodels as csi
        >>> csi.ModelSpec.from_lavaan("f =~ a + b + c; g =~ d + e + h; g ~ f", target="g").paths[0].target
        'g'
        """
        from csimodels.syntax import parse

        spec = parse(text, name=name, target=target)
        return spec if scale is None else spec.with_scale(scale)

    @classmethod
    def from_toml(cls, source: Any) -> ModelSpec:
        """Read a model from TOML text or from the path of a TOML file.

        Parameters
        ----------
        source : str or os.PathLike
            TOML text (holding a newline) or a path.

        Returns
        -------
        ModelSpec

        Raises
        ------
        ModelSyntaxError
            Not TOML, an unknown key, or a key that is missing.

        Examples
        --------
        >>> import csimodels as csi
        >>> spec = csi.load_model("acsi_1996")
        >>> csi.ModelSpec.from_toml(spec.to_toml()) == spec
        True
        """
        from csimodels.toml import read_toml

        return read_toml(source)

    def to_lavaan(self, variances: Mapping[str, float] | None = None) -> str:
        """Write the model as lavaan syntax.

        Parameters
        ----------
        variances : mapping of str to float, optional
            Sample variances, needed only where a single item has a known reliability.

        Returns
        -------
        str

        Raises
        ------
        ModelSyntaxError
            A name cannot be written in lavaan, or a variance is missing.

        Examples
        --------
        >>> import csimodels as csi
        >>> print(csi.load_model("acsi_1996").to_lavaan().splitlines()[-1])
        loyalty ~ satisfaction + complaints
        """
        from csimodels.syntax import write

        return write(cast("ModelSpec", self), variances)

    def to_toml(self) -> str:
        """Write the model as TOML, the format of the catalog.

        Returns
        -------
        str

        Examples
        --------
        >>> import csimodels as csi
        >>> csi.load_model("acsi_1996").to_toml().splitlines()[0]
        'name = "acsi_1996"'
        """
        from csimodels.toml import write_toml

        return write_toml(cast("ModelSpec", self))

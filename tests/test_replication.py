"""Published studies repeated: what is said to agree is computed, and the numbers in the files are those of the programs that printed them."""

import doctest
import tomllib
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from conftest import frame, oracle

import csimodels as csi
from csimodels.report.format import width
from csimodels.studies import FOLDER

NAMES = ["ecsi_mobile_2005", "holzinger_swineford", "political_democracy"]
KINDS = {"publication", "documentation", "program output", "program run"}


@pytest.fixture(scope="module")
def studies():
    return {name: csi.replicate(name) for name in NAMES}


def test_the_list_says_what_each_study_compares(studies):
    listed = csi.replications()
    assert listed.index.tolist() == NAMES
    for name, again in studies.items():
        row = listed.loc[name]
        assert row["numbers"] == len(again.table)
        assert row["quantities"].split(", ") == again.table["quantity"].unique().tolist()
        assert (row["title"], row["citation"], row["doi"]) == (again.title, again.citation, again.doi)


def test_every_number_of_the_files_is_in_the_table_once(studies):
    for name, again in studies.items():
        printed = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))["printed"]
        wanted = Counter((p["where"], p["fit"], p["quantity"], term, float(v)) for p in printed for term, v in p["values"].items())
        got = again.table[["where", "fit", "quantity", "term", "published"]].itertuples(index=False, name=None)
        assert Counter(got) == wanted
        assert set(again.table["source"]) == set(again.sources.index)
        assert set(again.table["fit"]) <= set(again.results)
        assert set(again.sources["kind"]) <= KINDS
        assert again.notes


def test_agreement_is_half_a_unit_of_the_last_printed_decimal(studies):
    for again in studies.values():
        t = again.table
        unit = 10.0 ** -t["decimals"]
        assert np.allclose(t["ours"] - t["published"], t["difference"], atol=0)
        assert (t["agrees"] == (t["difference"].abs() <= unit / 2 * (1 + 1e-9))).all()
        assert (t["published"] * 10.0 ** t["decimals"]).sub((t["published"] * 10.0 ** t["decimals"]).round()).abs().max() < 1e-6
        assert again.agreement["numbers"].sum() == len(t)
        assert again.agreement["agree"].sum() == t["agrees"].sum()


def test_smartpls_and_sempls_agree_to_the_eighth_decimal(studies):
    t = studies["ecsi_mobile_2005"].table
    programs = t[t["source"].isin(["smartpls", "sempls"])]
    assert set(programs["decimals"]) == {8}
    assert programs["agrees"].all()
    assert programs["source"].value_counts().to_dict() == {"smartpls": 243, "sempls": 54}


def test_only_signs_of_a_canonical_variate_and_a_rounding_disagree(studies):
    apart = studies["ecsi_mobile_2005"].disagreements
    assert apart["fit"].unique().tolist() == ["canonical"]
    assert apart["term"].tolist() == ["loyalty <~ CUSL1", "loyalty <~ CUSL2", "loyalty <~ CUSL3"]
    assert np.allclose(apart["ours"], -apart["published"], atol=5e-4)
    hs = studies["holzinger_swineford"].disagreements
    assert hs["term"].tolist() == ["visual =~ x2"]
    assert f"{hs['ours'][0]:.7f}" in studies["holzinger_swineford"].notes[0]
    assert studies["political_democracy"].disagreements.empty


def test_the_scheme_of_ronkko_is_centroid(studies):
    """Under the path scheme the same model misses their numbers, as the note says."""
    model = csi.ModelSpec.from_lavaan(
        "image =~ IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5; satisfaction =~ CUSA1 + CUSA2 + CUSA3; complaints =~ CUSCO;"
        "loyalty =~ CUSL1 + CUSL2 + CUSL3; loyalty ~ image + satisfaction + complaints"
    )
    for scheme in ("path", "factorial"):
        other = csi.fit(model, csi.load_ecsi_moments(), estimator="pls", scheme=scheme)
        assert round(other.rsquared["loyalty"], 3) == 0.461
    assert round(studies["ecsi_mobile_2005"].results["loyalty_A"].rsquared["loyalty"], 3) == 0.462


def test_program_runs_are_those_of_the_oracle(studies):
    reference = oracle("e3_semPLS_ecsi_centroid_A")
    t = studies["ecsi_mobile_2005"].table
    own = t[(t["source"] == "sempls") & (t["quantity"] == "weight")].set_index("term")["published"]
    weights = reference["outer_weights"]
    values = {item: max(row) for item, row in zip(weights["rows"], weights["values"], strict=True)}
    assert len(own) == len(values)
    for term, published in own.items():
        assert published == pytest.approx(values[term.split(" <~ ")[1]], abs=5.1e-9)


def test_composite_correlations_are_those_of_the_scores(studies, mobi):
    """Correlations from weights and moments are correlations of the scores of rows."""
    again = studies["ecsi_mobile_2005"]
    z = (mobi - mobi.mean()) / mobi.std()

    def scores(fit):
        w = again.results[fit].outer_weights.set_index(["construct", "indicator"])["std"]
        return {c: z[list(part.index.get_level_values("indicator"))] @ part.to_numpy() for c, part in w.groupby(level="construct")}

    pls, unit, short = scores("centroid"), scores("unit"), scores("unit_short")
    t = again.table[(again.table["quantity"] == "composite correlation") & (again.table["where"] == "Table 2, p. 1603")]
    assert len(t) == 105
    cross = t[t["fit"] == "unit"].iloc[:49].set_index("term")["ours"]
    assert cross["loyalty ~~ image"] == pytest.approx(np.corrcoef(unit["loyalty"], pls["image"])[0, 1], abs=1e-10)
    assert cross["image ~~ loyalty"] == pytest.approx(np.corrcoef(unit["image"], pls["loyalty"])[0, 1], abs=1e-10)
    last = t[t["fit"] == "unit_short"].iloc[:7].set_index("term")["ours"]
    assert last["loyalty ~~ loyalty"] == pytest.approx(np.corrcoef(short["loyalty"], pls["loyalty"])[0, 1], abs=1e-10)


def test_rows_give_what_moments_give(studies, mobi):
    rows = csi.replicate("ecsi_mobile_2005", mobi).table
    assert np.allclose(rows["ours"], studies["ecsi_mobile_2005"].table["ours"], atol=1e-12)


def test_other_data_do_not_agree():
    """Nothing about agreement is stored: the same study on half of the children disagrees."""
    half = csi.replicate("holzinger_swineford", frame("hs").iloc[::2]).table
    assert half["agrees"].mean() < 0.2
    assert half.loc[half["agrees"], "term"].isin(["df", "npar", "baseline_df"]).any()


def test_an_unknown_name_and_other_items_are_refused():
    with pytest.raises(csi.CatalogError, match="ecsi_mobile_2005") as caught:
        csi.replicate("ecsi_mobile")
    assert caught.value.code == "catalog.unknown_replication"
    with pytest.raises(csi.DataError):
        csi.replicate("holzinger_swineford", frame("mobi"))


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = Counter()

    def handle_starttag(self, tag, attrs):
        self.open[tag] += 1

    def handle_endtag(self, tag):
        self.open[tag] -= 1


def test_it_shows_itself(studies):
    for name, again in studies.items():
        text, html = repr(again), again._repr_html_()
        assert text.startswith(f"Replication {name}: ")
        assert f"{again.table['agrees'].sum()} of {len(again.table)} numbers agree" in text
        assert max(map(width, text.splitlines())) <= 100
        tags = Tags()
        tags.feed(html)
        assert not +tags.open
        assert again.citation.split(",")[0] in html
        assert all(note[:20] in html for note in again.notes)


def test_the_page_of_the_documentation_prints_what_it_says():
    page = Path(__file__).parent.parent / "docs" / "replication.md"
    text = page.read_text(encoding="utf-8").replace("```", "")
    test = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    printed: list[str] = []
    runner.run(test, out=printed.append)
    assert runner.summarize(verbose=False).attempted >= 7
    assert not printed, "".join(printed)

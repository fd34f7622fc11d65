"""Survey files of every kind, as the field delivers them, and the columns that are proposed for a model's items."""

import builtins
import json

import numpy as np
import pandas as pd
import pyreadstat
import pytest

import csimodels as csi

ACSI = csi.load_model("acsi_1996")


def notes(frame):
    return frame.attrs["survey"]


def sav(path, frame, **more):
    pyreadstat.write_sav(frame, str(path), **more)
    return path


def test_spss_with_labels_user_missing_values_and_chinese(tmp_path):
    frame = pd.DataFrame({"满意": [1.0, 5.0, 98.0, 99.0, 7.0], "Q2": [1.0, 2.0, 9.0, 8.0, 7.5], "公司": ["甲", "乙", "无", "甲", "乙"]})
    file = sav(
        tmp_path / "a.sav",
        frame,
        column_labels=["总体满意程度", "Second question", "公司名称"],
        missing_ranges={"满意": [98, 99], "Q2": [{"lo": 8, "hi": 9}], "公司": ["无"]},
        variable_value_labels={"满意": {1: "非常不满意", 10: "非常满意"}},
    )
    read = csi.read_survey(file)
    np.testing.assert_array_equal(read["满意"], [1, 5, np.nan, np.nan, 7])
    np.testing.assert_array_equal(read["Q2"], [1, 2, np.nan, np.nan, 7.5])
    assert read["公司"].tolist()[:2] == ["甲", "乙"] and pd.isna(read["公司"][2])
    said = notes(read)
    assert said["format"] == "spss" and said["rows"] == 5 and said["file"] == "a.sav"
    assert said["labels"] == {"满意": "总体满意程度", "Q2": "Second question", "公司": "公司名称"}
    assert said["missing"] == {"满意": {"98": 1, "99": 1}, "Q2": {"8": 1, "9": 1}, "公司": {"无": 1}}
    assert said["value_labels"]["满意"] == {"1": "非常不满意", "10": "非常满意"}
    assert json.loads(json.dumps(said)) == said


def test_three_lines_from_a_file_to_the_index(tmp_path):
    """A .sav with labels, user-missing values and Chinese text: read, match, fit."""
    answers = csi.simulate("acsi_1996", n=500, seed=9)
    known = answers.astype(float).copy()
    known.iloc[::50, 8] = np.nan
    field = known.fillna(99).sample(frac=1, axis=1, random_state=3)
    stems = {i.name: i.stem_zh for i in ACSI.indicators}
    file = sav(
        tmp_path / "survey.sav",
        field.set_axis([f"V{k:02d}" for k in range(14)], axis=1),
        column_labels=[stems[c] for c in field.columns],
        missing_ranges={f"V{k:02d}": [98, 99] for k in range(14)},
    )
    survey = csi.read_survey(file)
    match = csi.match_columns("acsi_1996", survey)
    with pytest.warns(csi.DataWarning, match="10 of 500"):
        found = csi.fit("acsi_1996", survey, columns=match.columns, estimator="pls")
    with pytest.warns(csi.DataWarning):
        assert found.csi == pytest.approx(csi.fit("acsi_1996", known, estimator="pls").csi, abs=1e-9)
    assert not match.doubtful and not match.unmatched


@pytest.mark.parametrize(("encoding", "used"), [("utf-8", "utf-8-sig"), ("utf-8-sig", "utf-8-sig")])
@pytest.mark.parametrize("sep", [",", ";", "\t", "|"])
def test_text_files(tmp_path, encoding, used, sep):
    file = tmp_path / "a.csv"
    file.write_text(sep.join(["满意", "b"]) + f"\n8{sep}1.5\n{sep}2\n", encoding=encoding)
    read = csi.read_survey(file)
    np.testing.assert_array_equal(read["满意"], [8, np.nan])
    assert read.columns.tolist() == ["满意", "b"] and notes(read)["encoding"] == used


def test_separators_and_line_ends_inside_quotes_do_not_count(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text('"Q1, overall, all";"Q2\nprice"\n5;6\n7;8\n', encoding="utf-8")
    read = csi.read_survey(file)
    assert read.columns.tolist() == ["Q1, overall, all", "Q2\nprice"] and read.to_numpy().tolist() == [[5, 6], [7, 8]]


def test_columns_do_not_move_where_rows_end_in_a_separator(tmp_path):
    read = csi.read_survey(text_file(tmp_path, "a,b\n1,2,\n3,4,\n"))
    assert read.to_dict("list") == {"a": [1, 3], "b": [2, 4]}


@pytest.mark.parametrize("sep", [",", ";"])
@pytest.mark.parametrize("rows", ["1,2,3\n4,5,6", "1,2,3\n4,5"])
def test_rows_longer_than_the_header_are_refused(tmp_path, sep, rows):
    with pytest.raises(csi.DataError, match="more fields") as caught:
        csi.read_survey(text_file(tmp_path, f"a,b\n{rows}\n".replace(",", sep)))
    assert caught.value.code == "file.long_rows"


def test_a_short_row_does_not_hide_the_separator(tmp_path):
    read = csi.read_survey(text_file(tmp_path, "a;b;c\n1;2;3\n4;5\n"))
    assert read.columns.tolist() == ["a", "b", "c"] and np.isnan(read["c"][1])


def test_a_mark_of_byte_order_is_no_part_of_a_name(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("满意\n8\n", encoding="utf-8-sig")
    assert csi.read_survey(file, encoding="utf-8").columns.tolist() == ["满意"]


def test_long_text_files_of_numbers_and_words(tmp_path):
    """Pandas reads long files in parts, whose types may differ."""
    read = csi.read_survey(text_file(tmp_path, "a,b\n" + "1,x\n" * 300_000 + "agree,y\n" * 300_000), answers={"agree": 4})
    assert read["a"].value_counts().to_dict() == {1: 300_000, 4: 300_000}


def test_chinese_text_files_that_are_not_unicode_are_read_with_a_warning(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("满意\n8\n", encoding="gb18030")
    with pytest.warns(csi.DataWarning, match="GB 18030"):
        assert csi.read_survey(file).columns.tolist() == ["满意"]
    assert csi.read_survey(file, encoding="gb18030").columns.tolist() == ["满意"]


def test_excel_sheets(tmp_path):
    file = tmp_path / "a.xlsx"
    with pd.ExcelWriter(file) as book:
        pd.DataFrame({"q": [1, 2]}).to_excel(book, sheet_name="一", index=False)
        pd.DataFrame({"q": ["７", "8 "]}).to_excel(book, sheet_name="二", index=False)
        pd.DataFrame().to_excel(book, sheet_name="empty", index=False)
    assert csi.read_survey(file)["q"].tolist() == [1, 2]
    assert csi.read_survey(file, sheet="二")["q"].tolist() == csi.read_survey(file, sheet=1)["q"].tolist() == [7, 8]
    for sheet, code in (("三", "file.no_sheet"), (9, "file.no_sheet"), ("empty", "file.empty")):
        with pytest.raises(csi.DataError) as caught:
            csi.read_survey(file, sheet=sheet)
        assert caught.value.code == code


def test_words_of_excel_for_nothing_are_counted(tmp_path):
    file = tmp_path / "a.xlsx"
    pd.DataFrame({"q": ["NA", "NULL", None, 5]}).to_excel(file, index=False)
    read = csi.read_survey(file)
    np.testing.assert_array_equal(read["q"], [np.nan, np.nan, np.nan, 5])
    assert notes(read)["missing"] == {"q": {"NA": 1, "NULL": 1}}


def test_codes_are_no_steps_of_an_ordered_scale(tmp_path):
    words = pd.Categorical(["low", "dk", "high"], ["low", "dk", "high"], ordered=True)
    unasked = pd.Categorical(["low", "high", "low"], words.categories, ordered=True)
    pd.DataFrame({"q": words, "r": unasked}).to_parquet(tmp_path / "a.parquet")
    read = csi.read_survey(tmp_path / "a.parquet", na_values=["dk"])
    np.testing.assert_array_equal(read["q"], [1, np.nan, 2])
    np.testing.assert_array_equal(read["r"], [1, 2, 1])
    assert notes(read)["missing"] == {"q": {"dk": 1}}
    assert notes(read)["answers"]["q"] == {"low": 1, "high": 2}


def test_categories_given_numbers_are_not_counted_as_missing(tmp_path):
    pd.DataFrame({"q": pd.Categorical(["x", "y"])}).to_parquet(tmp_path / "a.parquet")
    said = notes(csi.read_survey(tmp_path / "a.parquet", answers={"x": np.int64(1), "y": 2}))
    assert said["missing"] == {} and json.loads(json.dumps(said))["answers"] == {"q": {"x": 1, "y": 2}}


def test_columns_of_lists_are_left_alone(tmp_path):
    pd.DataFrame({"q": [[1], [2]], "a": ["1", "2"]}).to_parquet(tmp_path / "a.parquet")
    assert csi.read_survey(tmp_path / "a.parquet")["a"].tolist() == [1, 2]


def test_codes_with_many_digits_are_counted_apart(tmp_path):
    frame = pd.DataFrame({"q": [1.0, 1234567.0, 1234568.0], "firm": ["", "甲", "乙"]})
    file = sav(tmp_path / "a.sav", frame, missing_ranges={"q": [1234567, 1234568]}, variable_value_labels={"q": {1234567: "refused"}})
    read = csi.read_survey(file)
    assert notes(read)["missing"] == {"q": {"1234567": 1, "1234568": 1}}
    assert notes(read)["value_labels"] == {"q": {"1234567": "refused"}}
    assert pd.isna(read["firm"][0]), "an empty text is no answer"


@pytest.mark.parametrize(("text", "code"), [("９８\n1", 98), ("98\n1", "98"), ("９８\n1", "98")])
def test_codes_are_found_as_numbers_and_as_text(tmp_path, text, code):
    read = csi.read_survey(text_file(tmp_path, f"a\n{text}\n"), na_values=[code])
    np.testing.assert_array_equal(read["a"], [np.nan, 1])


def test_parquet_keeps_the_order_of_categories(tmp_path):
    words = pd.Categorical(["low", "high", None, "mid"], ["low", "mid", "high"], ordered=True)
    other = pd.Categorical(["2", "1", "2", "1"])
    pd.DataFrame({"q": words, "p": other, "x": [1.0, 2.0, 3.0, 4.0]}).to_parquet(tmp_path / "a.parquet")
    read = csi.read_survey(tmp_path / "a.parquet")
    np.testing.assert_array_equal(read["q"], [1, 3, np.nan, 2])
    assert read["p"].tolist() == [2, 1, 2, 1]
    assert notes(read)["answers"] == {"q": {"low": 1, "mid": 2, "high": 3}}


def text_file(tmp_path, text):
    file = tmp_path / "words.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_answers_in_words(tmp_path):
    file = text_file(tmp_path, "a,b,firm,n\nAgree,同意,x,ＮＡ\n strongly AGREE,很同意,y,３\n,,z,4\n")
    words = {"agree": 4, "Strongly agree": 5, "同意": 4, "很同意": 5}
    read = csi.read_survey(file, answers=words)
    np.testing.assert_array_equal(read["a"], [4, 5, np.nan])
    np.testing.assert_array_equal(read["b"], [4, 5, np.nan])
    np.testing.assert_array_equal(read["n"], [np.nan, 3, 4])
    assert read["firm"].tolist() == ["x", "y", "z"]
    assert notes(read)["answers"]["a"] == {"Agree": 4, "strongly AGREE": 5}
    assert notes(read)["missing"] == {"n": {"ＮＡ": 1}}
    own = csi.read_survey(file, answers={"a": {"agree": 1, "strongly agree": 2}})
    assert own["a"].dropna().tolist() == [1, 2] and own["b"].dropna().tolist() == ["同意", "很同意"]


def test_words_that_are_missing_answers(tmp_path):
    file = text_file(tmp_path, "a,b\nagree,1\nrefused,2\ndon't know,98\n")
    read = csi.read_survey(file, answers={"agree": 4}, na_values={"a": ["refused", "don't know"], "b": [98]})
    np.testing.assert_array_equal(read["a"], [4, np.nan, np.nan])
    assert notes(read)["missing"] == {"a": {"don't know": 1, "refused": 1}, "b": {"98": 1}}
    assert notes(csi.read_survey(file, na_values=[98, "refused"]))["missing"] == {"a": {"refused": 1}, "b": {"98": 1}}


BAD_FILES = {
    "file.not_found": lambda _: csi.read_survey("absent.sav"),
    "file.unknown_type": lambda tmp: csi.read_survey(rename(text_file(tmp, "a\n1\n"), ".ods")),
    "file.unreadable": lambda tmp: csi.read_survey(rename(text_file(tmp, "no"), ".sav")),
    "file.encoding": lambda tmp: csi.read_survey(text_file(tmp, "满\n1\n"), encoding="ascii"),
    "file.empty_header": lambda tmp: csi.read_survey(text_file(tmp, "a,,c\n1,2,3\n")),
    "file.duplicate_header": lambda tmp: csi.read_survey(text_file(tmp, "a,a\n1,2\n")),
    "file.answer_unmapped": lambda tmp: csi.read_survey(text_file(tmp, "a\nagree\nmaybe\n"), answers={"agree": 4}),
    "option.answers": lambda tmp: csi.read_survey(text_file(tmp, "a\nagree\n"), answers={"agree": "four"}),
    "option.answers_column": lambda tmp: csi.read_survey(text_file(tmp, "a\nagree\n"), answers={"b": {"agree": 4}}),
    "option.na_values": lambda tmp: csi.read_survey(text_file(tmp, "a\n1\n"), na_values="98"),
    "option.na_values_column": lambda tmp: csi.read_survey(text_file(tmp, "a\n1\n"), na_values={"A": [98]}),
}


def rename(file, suffix):
    return file.rename(file.with_suffix(suffix))


@pytest.mark.parametrize("codes", [98, {"a": 98}, {"a": "98"}, [None], [float("nan")]], ids=repr)
def test_codes_that_are_no_list_are_named(tmp_path, codes):
    with pytest.raises(csi.OptionError, match="na_values"):
        csi.read_survey(text_file(tmp_path, "a\n98\n"), na_values=codes)


@pytest.mark.parametrize("words", [{"agree": 4, "Agree": 5}, {"agree": float("nan")}], ids=["twice", "nan"])
def test_answers_without_one_number_are_named(tmp_path, words):
    with pytest.raises(csi.OptionError, match=r"(?i)agree") as caught:
        csi.read_survey(text_file(tmp_path, "a\nagree\n"), answers=words)
    assert caught.value.code == "option.answers"


@pytest.mark.parametrize("code", BAD_FILES)
def test_bad_files_are_named(code, tmp_path):
    with pytest.raises(csi.CSIError) as caught:
        BAD_FILES[code](tmp_path)
    assert caught.value.code == code
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("suffix", "package", "code"), [(".sav", "pyreadstat", "file.no_reader"), (".xlsx", "openpyxl", "file.no_reader")])
def test_a_reader_that_is_not_installed_is_named(tmp_path, monkeypatch, suffix, package, code):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.partition(".")[0] == package:
            raise ImportError(f"No module named {package!r}", name=package)
        return real(name, *args, **kwargs)

    file = rename(text_file(tmp_path, "x"), suffix)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(csi.DataError, match=package) as caught:
        csi.read_survey(file)
    assert caught.value.code == code and "csimodels[survey]" in str(caught.value)


# --- what was read


def test_notes_say_what_became_of_each_column(tmp_path):
    frame = pd.DataFrame(
        {
            "q1": [1.0, 98.0, 99.0, 98.0],
            "q2": ["agree", "disagree", "agree", "agree"],
            "firm": ["甲", "乙", "甲", "甲"],
            "day": pd.to_datetime(["2024-01-01"] * 4),
        }
    )
    file = sav(
        tmp_path / "a.sav",
        frame,
        column_labels=["总体满意程度", "Would recommend", None, None],
        missing_ranges={"q1": [98, 99]},
        variable_value_labels={"q1": {1: "very low", 10: "very high"}},
    )
    read = csi.read_survey(file, answers={"q2": {"agree": 4, "disagree": 2}})
    table = csi.survey_notes(read)
    assert table.to_numpy().tolist() == [
        ["q1", "总体满意程度", "number", "98 (2), 99 (1)", "", "1 = very low, 10 = very high"],
        ["q2", "Would recommend", "number", "", "agree = 4, disagree = 2", ""],
        ["firm", "", "text", "", "", ""],
        ["day", "", "date", "", "", ""],
    ]
    assert table.columns.tolist() == ["column", "label", "type", "missing_codes", "answers", "value_labels"]
    pd.testing.assert_frame_equal(csi.survey_notes(read[["q2"]]), table.iloc[[1]].reset_index(drop=True))


@pytest.mark.parametrize("other", [pd.DataFrame({"a": [1]}), {"a": [1]}], ids=["frame", "mapping"])
def test_notes_need_a_frame_that_was_read(other):
    with pytest.raises(csi.DataError, match="read_survey") as caught:
        csi.survey_notes(other)
    assert caught.value.code == "data.no_survey_notes"


# --- columns for items


def two_items():
    stems = [("sat_a", "Satisfied overall", "总体满意"), ("sat_b", "Close to the ideal", "接近理想")]
    return csi.ModelSpec("two", [csi.Construct("s", [csi.Indicator(n, (1, 10), stem=e, stem_zh=z) for n, e, z in stems])])


def matched(columns, labels=None, **options):
    return csi.match_columns(two_items(), pd.DataFrame(columns=columns), labels=labels, **options)


def test_equal_names_win_over_anything_similar():
    match = matched(["SAT.A", "sat_a", "sat_b", "sat_bb"])
    assert match.columns == {"sat_a": "sat_a", "sat_b": "sat_b"}
    assert match.table["by"].tolist() == ["name", "name"] and not match.doubtful
    assert set(match.unused) == {"SAT.A", "sat_bb"}


def test_an_equal_name_is_not_given_up_for_two_similar_ones():
    """Here the sum of scores alone is larger without it."""
    spec = csi.ModelSpec("two", [csi.Construct("s", [csi.Indicator("sat_main", (1, 10)), csi.Indicator("sat_mainly_yes_abc", (1, 10))])])
    match = csi.match_columns(spec, pd.DataFrame(columns=["sat_main", "sat_mainx"]))
    assert match.columns == {"sat_main": "sat_main"}


def test_case_and_punctuation_do_not_matter():
    match = matched(["Sat-B", "SATA"])
    assert match.columns == {"sat_a": "SATA", "sat_b": "Sat-B"}
    assert set(match.table["by"]) == {"name but for case and punctuation"}


@pytest.mark.parametrize(
    "labels", [{"q1": "Close to an ideal", "q2": "satisfied overall?"}, {"q1": "接近理想的程度", "q2": "总体满意度"}], ids=["en", "zh"]
)
def test_questions_are_compared_with_stems(labels):
    match = matched(["q1", "q2"], labels)
    assert match.columns == {"sat_a": "q2", "sat_b": "q1"}
    assert set(match.table["by"]) == {"similar question"}


def test_a_header_that_is_a_question_is_one():
    assert matched(["How close to the ideal is it?", "z"], least=50).columns == {"sat_b": "How close to the ideal is it?"}


def test_a_chinese_header_is_a_question_with_fewer_characters():
    assert matched(["请问您总体满意程度如何", "z"], least=50).columns == {"sat_a": "请问您总体满意程度如何"}


def test_a_column_serves_one_item_and_the_sum_counts():
    """sat_a is likest to sat_ab, but sat_b has nothing else; sat_a can do with the second best."""
    match = matched(["sat_ab", "sat_aX"])
    assert match.columns == {"sat_a": "sat_aX", "sat_b": "sat_ab"}
    assert match.doubtful


def test_a_frame_without_columns_has_nothing_to_match():
    assert matched([]).unmatched == ("sat_a", "sat_b")


def test_nothing_similar_is_left_alone():
    match = matched(["income", "region"])
    assert match.columns == {} and match.unmatched == ("sat_a", "sat_b") and match.unused == ("income", "region")


def test_choices_of_ones_own():
    match = matched(["sat_a", "x", "y"])
    own = match.with_columns({"sat_b": "x"})
    assert own.columns == {"sat_a": "sat_a", "sat_b": "x"} and own.unused == ("y",) and not own.doubtful
    assert match.unmatched == ("sat_b",), "the proposal is as it was"
    taken = match.with_columns({"sat_b": "sat_a"})
    assert taken.columns == {"sat_b": "sat_a"} and taken.unmatched == ("sat_a",)
    assert match.with_columns({"sat_a": None}).columns == {}


def test_what_a_match_shows():
    match = matched(["satisf_a", "income"])
    for shown in (repr(match), match._repr_html_()):
        assert "1 of 2 items" in shown and "look" in shown and "income" in shown and "columns=match.columns" in shown
    assert "<table" in match._repr_html_()


def test_bad_matches_are_named():
    match = matched(["sat_a", "x"])
    bad = {
        "match.item": lambda: match.with_columns({"sat_c": "x"}),
        "match.column": lambda: match.with_columns({"sat_b": "z"}),
        "match.column_twice": lambda: match.with_columns({"sat_a": "x", "sat_b": "x"}),
        "option.least": lambda: matched(["x"], least=101),
        "data.duplicate_header": lambda: matched(["a", "a"]),
        "data.not_a_frame": lambda: csi.match_columns("acsi_1996", 3),
    }
    for code, call in bad.items():
        with pytest.raises(csi.CSIError) as caught:
            call()
        assert caught.value.code == code
    with pytest.raises(csi.OptionError, match="'w'"):
        matched(["x"], labels={"w": "text"})

"""Files that are not what their names say, may not be read, or are written in unusual ways."""

import pandas as pd
import pytest

from segutils import tables
from segutils.engagement import load_engagement
from segutils.errors import InputError
from segutils.inputs import sources


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def ingest(path):
    folder = path.parent / "run"
    tables.ingest(load_engagement(path), folder)
    return tables.open_run(folder)


def refused(path) -> InputError:
    with pytest.raises(InputError) as caught:
        ingest(path)
    return caught.value


def test_a_folder_instead_of_a_file(small_engagement):
    edit(small_engagement, "path: lines.csv", "path: .")
    assert refused(small_engagement).what == "'.' is a folder, not a file"


@pytest.mark.parametrize("kind", ["xlsx", "parquet"])
def test_a_workbook_or_parquet_file_named_csv(small_engagement, kind):
    file = small_engagement.parent / "lines.csv"
    frame = pd.read_csv(file, dtype=str)
    other = file.with_suffix(f".{kind}")
    frame.to_parquet(other) if kind == "parquet" else frame.to_excel(other, engine="xlsxwriter")
    other.replace(file)
    error = refused(small_engagement)
    assert error.what == "'lines.csv' is not a text file" and f"name it .{kind}" in error.fix


def test_a_file_that_is_no_table_at_all(small_engagement):
    (small_engagement.parent / "lines.csv").write_bytes(b"a,b\rc,d\x00\xff\xfe,\r\re\n" * 50)
    assert "lines.csv" in refused(small_engagement).what


def test_a_file_that_may_not_be_read(small_engagement, monkeypatch):
    def refuse(stream, name):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("segutils.inputs.sources.hashlib.file_digest", refuse)
    with pytest.raises(InputError, match="may not be read"):
        sources.hash_data(load_engagement(small_engagement))


def test_quoted_newlines_and_a_path_with_spaces_and_umlauts(small_engagement):
    folder = small_engagement.parent / "Kunden Übersicht"
    folder.mkdir()
    file = small_engagement.parent / "customers.csv"
    (folder / "Größe 1.csv").write_text(file.read_text().replace(",north,", ',"no\nrth",'), encoding="utf-8")
    file.unlink()
    edit(small_engagement, "path: customers.csv", "path: Kunden Übersicht/Größe 1.csv")
    run = ingest(small_engagement)
    assert len(run.input("customers").to_pandas()) == 300
    assert "no\nrth" in set(run.input("customers").region.to_pandas())


def test_a_file_that_is_ragged_throughout_is_refused(small_engagement):
    file = small_engagement.parent / "lines.csv"
    text = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join([text[0], *(f"{line},x" for line in text[1:])]), encoding="utf-8")
    error = refused(small_engagement)
    assert "another number of fields than the header (7)" in error.what and "see line 2" in error.fix

"""Bytes to rows: whatever people export, nothing is lost silently and nothing breaks the reader."""

import datetime as dt
import io
import tracemalloc
import zipfile

import openpyxl
import pytest

from crm.imports import reader
from crm.imports.shape import FileShape, UnreadableFile


def read(data: bytes):
    file = io.BytesIO(data)
    shape = reader.inspect(file)
    return shape, list(reader.rows(file, shape))


def cells(data: bytes) -> list[list[str]]:
    return [row for _line, row, problem in read(data)[1] if problem is None]


def problems(data: bytes) -> list[tuple[int, str]]:
    return [(line, problem.code) for line, _row, problem in read(data)[1] if problem is not None]


def workbook(rows, *, title="Sheet", prepare=None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    if prepare:
        prepare(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_even_where_the_others_occur_in_the_values(delimiter):
    table = [["Name", "City", "Amount"], ["Müller & Söhne", "Köln", '"1,5;a|b\tc"']]
    data = "\r\n".join(delimiter.join(row) for row in table * 1).encode()
    shape, rows = read(data)
    assert shape.delimiter == delimiter
    assert rows == [(2, ["Müller & Söhne", "Köln", "1,5;a|b\tc"], None)]


@pytest.mark.parametrize(
    ("codec", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
        ("cp1252", "cp1252"),
        ("mac_roman", "mac_roman"),
    ],
)
def test_the_encoding_is_found(codec, found):
    text = "Name;Straße;Land\r\nJürgen Größe;Österreichische Allee 5;Österreich\r\n"
    shape, rows = read(text.encode(codec))
    assert shape.encoding == found
    assert shape.header == ("Name", "Straße", "Land")
    assert rows == [(2, ["Jürgen Größe", "Österreichische Allee 5", "Österreich"], None)]


def test_a_late_umlaut_is_noticed_though_it_stands_far_behind_the_head():
    data = b"Name,City\n" + b"Ann,Bonn\n" * 200_000 + "Jörg,Köln\n".encode("cp1252")
    shape, rows = read(data)
    assert shape.encoding == "cp1252"
    assert rows[-1][1] == ["Jörg", "Köln"]


def test_one_broken_byte_in_a_utf8_file_spoils_its_row_only():
    data = "Name,City\nJörg,Köln\nMüller,Görlitz\n".encode() + b"Bad\xff,Bonn\nLone\xed\xa0\x80,Ulm\n"
    shape, rows = read(data)
    assert shape.encoding == "utf-8"
    assert rows[0][1] == ["Jörg", "Köln"]
    assert not rows[2][1][0].isprintable()
    assert not rows[3][1][0].isprintable()


def test_quoted_line_ends_belong_to_their_cell_and_lines_are_counted_as_in_an_editor():
    _shape, rows = read(b'Name,Note\nAnn,"one\ntwo\r\nthree"\nBob,x\n')
    assert rows == [(2, ["Ann", "one\ntwo\r\nthree"], None), (5, ["Bob", "x"], None)]


def test_ragged_rows_short_ones_are_filled_and_long_ones_refused_with_the_reason():
    _shape, rows = read(b"A,B,C\n1\n1,2,3,,\n1,2,3,4\n\n , ,\n,,\n7,8,9\n")
    assert [row for _line, row, problem in rows if problem is None] == [
        ["1", "", ""],
        ["1", "2", "3"],
        [" ", " ", ""],
        ["7", "8", "9"],
    ]
    (line, row, problem) = rows[2]
    assert (line, row, problem.code) == (4, ["1", "2", "3", "4"], "too_many_cells")
    assert problem.text == "The row has more cells (4) than the file has columns (3)."


def test_trailing_delimiters_add_no_column_but_a_nameless_column_with_values_stays():
    assert read(b"A,B,,\n1,2,,\n")[0].header == ("A", "B")
    assert read(b"A,B,,\n1,2,x,\n")[0].header == ("A", "B", "Column 3")


def test_duplicate_and_empty_headers_become_unique():
    shape, _rows = read(b"Email, email ,,Email,Name\n1,2,3,4,5\n")
    assert shape.header == ("Email", "email (2)", "Column 3", "Email (3)", "Name")


def test_a_file_of_one_column():
    shape, rows = read(b"Email\nann@example.com\n\nbob@example.com\n")
    assert shape.header == ("Email",)
    assert [row[1] for row in rows] == [["ann@example.com"], ["bob@example.com"]]


def test_the_separator_line_of_excel_is_obeyed_and_not_read_as_header():
    shape, rows = read(b"sep=|\r\nA|B\r\n1|2\r\n")
    assert shape.header == ("A", "B")
    assert rows == [(3, ["1", "2"], None)]


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r", b"\r\r\n"])
def test_every_line_end(line_end):
    data = line_end.join([b"A,B", b"1,2", b"3,4"])
    assert cells(data) == [["1", "2"], ["3", "4"]]


def test_a_quotation_mark_that_never_closes_is_reported_with_the_lines_that_it_swallowed():
    data = b'A,B,C\n1,2,3\n"open,2,3\n4,5,6\n7,8,9\n'
    (_, _, problem) = read(data)[1][1]
    assert (problem.code, problem.params) == ("open_quote", {"first": 3, "last": 5})


def test_a_very_long_cell_is_refused_and_the_rows_behind_it_are_read():
    data = b"A,B\n1,2\nx," + b"y" * (2 << 20) + b"\n3,4\n"
    assert cells(data) == [["1", "2"], ["3", "4"]]
    assert problems(data) == [(3, "cell_too_large")]


def test_a_nul_byte_among_text_is_left_to_the_mapping():
    _shape, rows = read(b"A,B\n1,2\n3,\x004\n" + b"5,6\n" * 100)
    assert rows[1][1] == ["3", "\x004"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\n\n \n", "empty"),
        (b",,,\n,,,\n", "no header row"),
        (b",,,\n1,2,3,4\n", "first row holds data"),
        (b"\x00\x01\x02\x03\xff\xfe\x05" * 100, "not a text file"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\x89PNG\r\n\x1a\n....", "picture"),
        (b"\x1f\x8b\x08....", "compressed"),
        (b"<!DOCTYPE html><table></table>", "web page"),
        (b'{"a": 1}', "JSON"),
        (b"ann@example.com,Ann\nbob@example.com,Bob\n", "first row holds data"),
        (b"2020,17\n2021,18\n", "first row holds data"),
        (b"PK\x03\x04 not really a zip", "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old XLS"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "password"),
    ],
)
def test_what_is_no_table_is_refused_with_the_reason_in_one_line(data, words):
    with pytest.raises(UnreadableFile) as caught:
        read(data)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_archive_and_an_opendocument_file_are_named_as_such():
    for name, content, words in [
        ("a.csv", b"A,B", "archive"),
        ("mimetype", b"application/vnd.oasis.opendocument", "OpenDoc"),
    ]:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as package:
            package.writestr(name, content)
        with pytest.raises(UnreadableFile, match=words):
            read(stream.getvalue())


def test_a_workbook_that_unpacks_to_far_more_than_it_should_is_refused():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/workbook.xml", "<workbook/>")
        package.writestr("xl/worksheets/sheet1.xml", b"0" * (80 << 20))
    with pytest.raises(UnreadableFile, match="too large"):
        read(stream.getvalue())


def test_a_workbook_is_read_as_people_see_it():
    data = workbook(
        [["Name", "Since", "Phone", "Score", "Ok"], ["Ann", dt.date(2024, 2, 29), 4930123456, 1.5, True]]
    )
    shape, rows = read(data)
    assert (shape.kind, shape.sheet, shape.total) == ("xlsx", "Sheet", 1)
    assert rows == [(2, ["Ann", "2024-02-29", "4930123456", "1.5", "true"], None)]


def test_the_first_visible_sheet_with_a_header_counts():
    def prepare(book):
        book.create_sheet("Data").append(["A", "B"])
        book["Data"].append([1, 2])
        book.create_sheet("Empty", 0)
        book["Sheet"].sheet_state = "hidden"

    shape, rows = read(workbook([["hidden"]], prepare=prepare))
    assert shape.sheet == "Data"
    assert rows == [(2, ["1", "2"], None)]


def test_a_formula_without_a_stored_result_is_refused_and_not_taken_for_empty():
    data = workbook([["A", "B"], ["x", "=1+1"], ["y", 2], ["z", "#N/A"]])
    shape, rows = read(data)
    assert shape.formulas
    assert [(line, problem and (problem.column, problem.code)) for line, _row, problem in rows] == [
        (2, ("B", "formula_without_value")),
        (3, None),
        (4, ("B", "cell_error")),
    ]


def test_a_workbook_cut_in_the_middle_is_refused():
    with pytest.raises(UnreadableFile, match="damaged"):
        read(workbook([["A", "B"], [1, 2]])[:-200])


def test_a_shape_survives_storing_and_holds_no_row():
    shape, _rows = read(b"Name,City\nsecret,Bonn\n")
    assert shape.samples == (("secret", "Bonn"),)
    assert "secret" not in str(shape.as_json())
    assert FileShape.from_json(shape.as_json()) == shape


def test_memory_stays_flat_and_the_file_stays_open():
    class Long(io.RawIOBase):
        """A header and 200,000 rows of 24 bytes each that are never in memory at once."""

        lines = 200_001
        position = 0

        def seek(self, offset, whence=0):
            self.position = offset
            return offset

        def read(self, size=-1):
            start, self.position = self.position, min(self.position + size, self.lines * 24)
            first, last = start // 24, -(-self.position // 24)
            block = b"Name,City,Mail address\r\n" if first == 0 else b"Ann,Bonn,a@example.com\r\n"
            block += b"Ann,Bonn,a@example.com\r\n" * (last - first)
            return block[start % 24 :][: self.position - start]

    file = Long()
    shape = reader.inspect(file)
    tracemalloc.start()
    count = sum(1 for _row in reader.rows(file, shape))  # type: ignore[misc]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 200_000
    assert peak < 4 << 20
    assert not file.closed

"""Files as they come: delimiters, wraps, several senders, what is cut off and what does not belong."""

import io

import pytest

from connectors.syntax.x12 import GroupEnd, InterchangeEnd, InterchangeStart, Stray, TransactionSet, read


def sets(content: bytes) -> list[TransactionSet]:
    return [event for event in read(content) if isinstance(event, TransactionSet)]


def codes(content: bytes) -> list[str]:
    found = []
    for event in read(content):
        if isinstance(event, TransactionSet | GroupEnd | InterchangeEnd):
            found += [finding.code for finding in event.findings]
        elif isinstance(event, Stray):
            found.append(event.finding.code)
    return found


def numbers(content: bytes) -> list[list[list[str]]]:
    return [one.segments for one in sets(content)]


@pytest.mark.parametrize("element", ["|", "\x07", "\x1d", "+", "\x7f", "^"])
@pytest.mark.parametrize("segment", ["\n", "\x15", "\x1c", "\x85", "!", "$", "'", "\\"])
def test_any_delimiters_read_the_same(order: bytes, element: str, segment: str) -> None:
    flat = order.replace(b"\n", b"").decode()
    other = flat.replace("*", element).replace("~", segment).encode("latin-1")
    assert numbers(other) == numbers(order)
    assert codes(other) == []


@pytest.mark.parametrize("ends", [b"\r\n", b"\n\n", b"", b"\n   ", b"\r"])
def test_line_ends_after_terminators_mean_nothing(order: bytes, ends: bytes) -> None:
    assert numbers(order.replace(b"~\n", b"~" + ends)) == numbers(order)


@pytest.mark.parametrize("width", [80, 79, 33])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_lines_wrapped_anywhere_read_the_same(order: bytes, width: int, end: bytes) -> None:
    flat = order.replace(b"\n", b"")
    wrapped = end.join(flat[at : at + width] for at in range(0, len(flat), width))
    assert numbers(wrapped) == numbers(order)


def test_a_terminator_of_several_bytes_is_one(order: bytes) -> None:
    other = order.replace(b"\n", b"").replace(b"~", "…".encode())
    assert numbers(other) == numbers(order)
    start, end = sets(other)[0].span
    assert other[start:end].startswith(b"ST*850")
    assert other[start:end].endswith("SE*30*0001…".encode())


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\n\n  ", b"\x00\x00"])
def test_what_stands_before_is_passed_over(order: bytes, before: bytes) -> None:
    assert codes(before + order) == []
    assert len(sets(before + order)) == 1


def test_text_around_interchanges_is_reported(order: bytes) -> None:
    assert codes(b"From: buyer\n\n" + order + b"-- end of mail --") == ["text-outside", "text-outside"]


def test_a_file_that_is_not_x12_has_one_clear_finding() -> None:
    assert codes(b'{"order": 1}') == ["not-x12"]
    assert codes(b"") == ["not-x12"]
    assert codes(b"UNA:+.? 'UNB+UNOA:2+A+B+260101:1200+1'") == ["not-x12"]


def test_the_isa_may_have_any_widths(order: bytes) -> None:
    squeezed = order.replace(b"          ", b"").replace(b"0123456789012  ", b"0123456789012")
    assert numbers(squeezed) == numbers(order)
    assert set(codes(squeezed)) == {"interchange-width"}


def test_spans_are_the_bytes_of_the_set_in_the_source(order: bytes) -> None:
    for content in (
        order,
        order.replace(b"~\n", b"~\r\n"),
        b"\n\n" + order + order.replace(b"000001001", b"000001002"),
    ):
        for one in sets(content):
            start, end = one.span
            assert content[start:end].startswith(b"ST*850*0001~")
            assert content[start:end].rstrip().endswith(b"SE*30*0001~")


def test_two_senders_with_their_own_delimiters_stay_apart(order: bytes) -> None:
    other = order.replace(b"~\n", b"\x15").replace(b"*", b"|").replace(b"0123456789012", b"9998887776665")
    starts = [event for event in read(order + other) if isinstance(event, InterchangeStart)]
    assert [start.sender for start in starts] == [("14", "0123456789012"), ("14", "9998887776665")]
    assert numbers(order + other) == numbers(order) * 2


@pytest.mark.parametrize("cut", range(5, 1000, 53))
def test_a_file_cut_off_anywhere_is_reported(order: bytes, cut: int) -> None:
    assert codes(order[:-cut])


def test_empty_and_blank_segments_are_dropped_and_told(order: bytes) -> None:
    other = order.replace(b"CUR*BY*USD~", b"~~CUR*BY*USD~   ~")
    assert numbers(other) == numbers(order)
    assert set(codes(other)) == {"segment-empty"}


def test_a_set_without_any_envelope_is_read_and_reported(order: bytes) -> None:
    start, end = sets(order)[0].span
    bare = order[start:end]
    assert numbers(bare) == numbers(order)
    assert codes(bare) == ["interchange-header-missing"]


def test_text_is_kept_to_the_byte_in_utf8_and_latin1(order: bytes) -> None:
    for encoding in ("utf-8", "latin-1"):
        one = sets(order.replace(b"DANA REYES", "DANA PEÑA".encode(encoding)))[0]
        assert one.root.children["PER"][0][2] == "DANA PEÑA"
        assert one.encoding == encoding
        assert one.findings == []


def test_a_stream_in_pieces_reads_as_the_whole(order: bytes) -> None:
    whole = numbers(order * 1)
    for size in (1, 7, 64, 1000):
        pieces = (order[at : at + size] for at in range(0, len(order), size))
        assert [one.segments for one in read(pieces) if isinstance(one, TransactionSet)] == whole
    assert [one.segments for one in read(io.BytesIO(order)) if isinstance(one, TransactionSet)] == whole


def test_a_loop_is_its_head_with_what_hangs_under_it(order: bytes) -> None:
    root = sets(order)[0].root
    lines = root.children["PO1"]
    assert [line[1] for line in lines] == ["1", "2", "3"]
    assert lines[0].children["PID"][0][5] == "BLUE WIDGET, BOXED"
    assert lines[1].children["SAC"][0].position == 25
    assert root.children["N1"][1].children["N4"][0].elements == ["N4", "DALLAS", "TX", "75202", "US"]
    assert root.children["SAC"][0][5] == "1250"


def test_hierarchical_levels_stand_flat_in_document_order(case_856: bytes) -> None:
    levels = sets(case_856)[0].root.children["HL"]
    assert [level[3] for level in levels] == ["S", "O", "T", "P", "I", "P", "I"]
    assert levels[4].children["LIN"][0][3] == "614141007349"


def test_a_note_may_stand_anywhere_before_004010(order: bytes) -> None:
    older = (
        order.replace(b"*20261128", b"*261128").replace(b"*20261205", b"*261205").replace(b"**20261120", b"**261120")
    )
    older = older.replace(b"004010", b"003040").replace(b"*00401*", b"*00304*").replace(b"SE*30", b"SE*31")
    noted = older.replace(b"PO4*12*1*EA~", b"NTE*GEN*FRAGILE~\nPO4*12*1*EA~")
    assert codes(noted) == ["release-nearest"]
    assert ["NTE", "GEN", "FRAGILE"] in [node.elements for node in sets(noted)[0].root.walk()]
    assert codes(order.replace(b"PO4*12*1*EA~", b"NTE*GEN*FRAGILE~", 1)) == ["segment-undefined"]

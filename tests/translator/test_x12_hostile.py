"""Whatever bytes arrive: the Translator answers with data, and what is cut or bent never takes effect unnoticed."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canonical import has_errors
from canonical.exchange import Reading
from connectors.translator import Translator

AT = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def judged(translator: Translator, content: bytes) -> Reading:
    """What the content says, its replies rendered: neither may raise."""
    reading = translator.read(content, "northwind", {}, AT)
    for reply in reading.replies:
        reply.draft.render(dict.fromkeys(reply.draft.counters, 1), AT)
    return reading


@MANY
@given(data=st.data())
def test_a_file_cut_anywhere_takes_no_effect_and_says_so(translator: Translator, sample: Any, data: Any) -> None:
    whole = sample.but(sets=[*sample.sets, *sample.sets]).content
    end = whole.rindex(b"IEA*") + len(b"IEA*1*00000010")
    cut = data.draw(st.integers(1, end))
    reading = judged(translator, whole[:cut])
    assert [one for one in reading.documents if one.accepted] == []
    assert has_errors(reading.findings)


@MANY
@given(data=st.data())
def test_no_byte_put_anywhere_makes_the_reading_break(translator: Translator, sample: Any, data: Any) -> None:
    whole = bytearray(sample.content)
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    reading = judged(translator, bytes(whole))
    for reply in reading.replies:
        assert reply.to == "northwind"
    for one in reading.documents:
        assert one.sender == "northwind"
        assert one.transport_key


@MANY
@given(content=st.binary(max_size=300))
def test_no_bytes_make_the_reading_break(translator: Translator, content: bytes) -> None:
    assert judged(translator, content).replies == ()


@MANY
@given(data=st.data())
def test_what_is_true_in_a_file_is_unmoved_by_a_bent_interchange_before_it(
    translator: Translator, sample: Any, data: Any
) -> None:
    bent = bytearray(sample.but(control=7).content)
    bent[data.draw(st.integers(106, len(bent) - 20))] = data.draw(st.integers(32, 125))
    reading = judged(translator, bytes(bent) + sample.content)
    [true] = [one for one in reading.documents if one.place["interchange"] == "000000101"]
    assert true.accepted
    assert true.document == judged(translator, sample.content).documents[0].document

import time
from uuid import RFC_4122, UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ids import Kind, global_id, parse, row_id, uuid7, uuid7_texts


def test_row_ids_are_version_7_and_follow_the_clock() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid7()
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000
    many = [uuid7() for _ in range(10_000)]
    assert many == sorted(set(many)), "later ones sort behind"


@given(st.uuids(), st.sampled_from(Kind))
def test_a_global_id_leads_back_to_its_row_and_to_no_other_kind(id: UUID, kind: Kind) -> None:
    text = global_id(kind, id)
    assert row_id(text, kind) == id
    assert all(row_id(text, other) is None for other in Kind if other is not kind)


@given(st.text())
def test_whatever_text_arrives_it_is_at_most_unknown(text: str) -> None:
    parsed = parse(text)
    assert parsed is None or isinstance(parsed[0], Kind)
    assert parsed is not None or all(row_id(text, kind) is None for kind in Kind)


@pytest.mark.parametrize("text", ["", "=", "A", "////", "BA==", "é", "A" * 5000, "\0"])
def test_malformed_ids_are_unknown(text: str) -> None:
    assert row_id(text, Kind.ORDER) is None


def test_one_id_has_one_spelling() -> None:
    text = global_id(Kind.ORDER, uuid4())
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    others = [text[:-1] + c for c in last if c != text[-1]]
    same = row_id(text, Kind.ORDER)
    assert all(row_id(other, Kind.ORDER) != same for other in others)
    assert row_id(text + "=", Kind.ORDER) is None


def test_many_ids_at_once_stand_between_their_neighbors() -> None:
    before, texts, after = uuid7(), uuid7_texts(5_000), uuid7()
    many = [UUID(text) for text in texts]
    assert [str(id) for id in many] == texts
    assert [before, *many, after] == sorted({before, *many, after})
    assert {(id.version, id.variant) for id in many} == {(7, RFC_4122)}
    assert uuid7_texts(0) == []

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ids import uuid7
from domain.keys import KeyPurpose
from domain.secret import Secret
from domain.vouchers import SecretField
from vault import Binding, KeyRing, Vault, VaultError
from vault.data_key import new_data_key

VAULT = Vault(KeyRing.parse(KeyRing.generate()))
ACCOUNT, OTHER = UUID(int=1), UUID(int=2)
KEY = new_data_key(ACCOUNT, KeyPurpose.DATA)
SIBLING = new_data_key(ACCOUNT, KeyPurpose.DATA)
STRANGER = new_data_key(OTHER, KeyPurpose.DATA)

# Lone surrogates too: JSON can bring them, and they must not end in an error that shows the value.
texts = st.text(st.characters())
bindings = st.builds(Binding, st.just(ACCOUNT), st.uuids(), st.sampled_from(SecretField))


@given(text=texts, place=bindings)
def test_what_is_sealed_opens_in_its_own_place(text: str, place: Binding) -> None:
    sealed = VAULT.seal(KEY, Secret(text), place)
    assert VAULT.open(KEY, sealed, place) == Secret(text)
    assert VAULT.key_id_of(sealed) == KEY.id


@given(place=bindings, other=bindings)
def test_a_sealed_value_does_not_open_in_another_place(place: Binding, other: Binding) -> None:
    sealed = VAULT.seal(KEY, Secret("ABCD-1234"), place)
    if place != other:
        with pytest.raises(VaultError):
            VAULT.open(KEY, sealed, other)


@given(text=texts, place=bindings, data=st.data())
def test_every_altered_byte_is_noticed(text: str, place: Binding, data: st.DataObject) -> None:
    sealed = bytearray(VAULT.seal(KEY, Secret(text), place))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(VaultError):
        VAULT.open(KEY, bytes(sealed), place)


@given(place=bindings, length=st.integers(0, 60))
def test_a_shortened_value_is_noticed(place: Binding, length: int) -> None:
    sealed = VAULT.seal(KEY, Secret("ABCD-1234-EFGH-5678"), place)
    with pytest.raises(VaultError):
        VAULT.open(KEY, sealed[: min(length, len(sealed) - 1)], place)


def test_another_data_key_does_not_open_it() -> None:
    place = Binding(ACCOUNT, uuid7(), SecretField.CODE)
    sealed = VAULT.seal(KEY, Secret("ABCD-1234"), place)
    for key in (SIBLING, STRANGER):
        with pytest.raises(VaultError):
            VAULT.open(key, sealed, place)


def test_a_key_of_another_account_or_purpose_seals_nothing() -> None:
    place = Binding(ACCOUNT, uuid7(), SecretField.CODE)
    audit = new_data_key(ACCOUNT, KeyPurpose.AUDIT)
    for key in (STRANGER, audit):
        with pytest.raises(VaultError):
            VAULT.seal(key, Secret("ABCD-1234"), place)


def test_errors_and_records_say_nothing_of_the_value() -> None:
    place = Binding(ACCOUNT, uuid7(), SecretField.PIN)
    sealed = VAULT.seal(KEY, Secret("TOP-SECRET"), place)
    with pytest.raises(VaultError) as caught:
        VAULT.open(KEY, sealed, Binding(ACCOUNT, uuid7(), SecretField.PIN))
    assert "TOP-SECRET" not in repr(caught.value) + repr(caught.value.__context__)
    assert "TOP-SECRET" not in repr(VAULT.open(KEY, sealed, place))


def test_sealing_the_same_value_twice_looks_different() -> None:
    place = Binding(ACCOUNT, uuid7(), SecretField.CODE)
    assert VAULT.seal(KEY, Secret("A"), place) != VAULT.seal(KEY, Secret("A"), place)


def test_parts_of_a_binding_cannot_run_into_each_other() -> None:
    key = new_data_key(None, KeyPurpose.TOKEN)
    sealed = VAULT.seal(key, Secret("t"), Binding(None, "acme/login", "token"))
    assert VAULT.open(key, sealed, Binding(None, "acme/login", "token")) == Secret("t")
    with pytest.raises(ValueError, match=r"no '\|'"):
        VAULT.seal(key, Secret("t"), Binding(None, "acme|login", "token"))


def test_fingerprints_are_stable_keyed_and_of_their_own_purpose() -> None:
    one = new_data_key(None, KeyPurpose.FINGERPRINT)
    two = new_data_key(None, KeyPurpose.FINGERPRINT)
    print_ = VAULT.fingerprint(one, Secret("ABCD"))
    assert len(print_) == 32
    assert print_ == VAULT.fingerprint(one, Secret("ABCD"))
    assert print_ != VAULT.fingerprint(one, Secret("ABCE"))
    assert print_ != VAULT.fingerprint(two, Secret("ABCD"))
    with pytest.raises(VaultError):
        VAULT.fingerprint(KEY, Secret("ABCD"))


async def test_open_data_keys_are_kept_within_bounds() -> None:
    ring = KeyRing.parse(KeyRing.generate())
    vault = Vault(ring, keep=2)
    sealed = [(await vault.new_data_key(ACCOUNT, KeyPurpose.DATA))[1] for _ in range(3)]
    opened = [await vault.data_key(key) for key in sealed]
    assert await vault.data_key(sealed[2]) is opened[2]
    assert vault.known(sealed[0].id) is None
    assert (await vault.data_key(sealed[0])).raw() == opened[0].raw()

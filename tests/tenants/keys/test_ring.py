import base64
import json
import os
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tenants.keys import cipher, ring
from tenants.keys.errors import KeyDestroyed, KeyMissing, KeyRingError, TamperedCiphertext, UnknownKey
from tenants.keys.providers import FileKeyProvider, WrappedKey
from tenants.scope import PLATFORM_ID

SCOPE = uuid.UUID("01920000-0000-7000-8000-00000000000a")
OTHER = uuid.UUID("01920000-0000-7000-8000-00000000000b")
PK = SCOPE.bytes


def sealed(text: bytes = b"value", scope: uuid.UUID = SCOPE) -> bytes:
    return cipher.seal(ring.keys(scope).active, cipher.place(scope, "t", "c"), PK, text)


def opened(blob: bytes, scope: uuid.UUID = SCOPE) -> bytes:
    return cipher.unseal(ring.keys(scope), cipher.place(scope, "t", "c"), PK, blob)


def ring_file(home: Path, scope: uuid.UUID = SCOPE) -> Path:
    return home / "organizations" / f"{scope}.json"


def as_another_process() -> None:
    """What this process remembers is as old as what another process would remember."""
    ring.forget()


def test_folder_and_files_of_the_ring_are_private(own_ring: Path) -> None:
    ring.create_keys(SCOPE)
    for path in (own_ring, own_ring / "organizations"):
        assert path.stat().st_mode & 0o777 == 0o700
    for path in (own_ring / "master.json", ring_file(own_ring)):
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_others_could_read_is_closed(own_ring: Path) -> None:
    own_ring.mkdir(mode=0o755)
    own_ring.chmod(0o755)
    ring.create_keys(SCOPE)
    assert own_ring.stat().st_mode & 0o777 == 0o700


def test_creating_keys_twice_keeps_the_first(own_ring: Path) -> None:
    ring.create_keys(SCOPE)
    blob = sealed()
    ring.create_keys(SCOPE)
    as_another_process()
    assert opened(blob) == b"value"


def test_no_key_stands_in_the_ring_in_clear(own_ring: Path) -> None:
    ring.create_keys(SCOPE)
    content = json.loads(ring_file(own_ring).read_text())
    entry = content["data_keys"][content["active"]]
    # nonce 12, key 32, tag 16
    assert len(base64.b64decode(entry["wrapped"])) == 60
    assert set(entry) == {"kek", "wrapped", "state", "created_at"}


def test_an_organisation_without_keys_is_an_error_and_not_given_new_ones(own_ring: Path) -> None:
    with pytest.raises(KeyMissing):
        ring.keys(SCOPE)


def test_the_platform_gets_its_keys_when_it_needs_them(own_ring: Path) -> None:
    assert opened(sealed(scope=PLATFORM_ID), scope=PLATFORM_ID) == b"value"


def test_without_permission_no_master_key_is_made(own_ring: Path, settings: Any) -> None:
    settings.KEYRING_AUTO_CREATE = False
    with pytest.raises(KeyRingError, match="Restore it"):
        ring.create_keys(SCOPE)


def test_a_lost_master_key_is_not_replaced_while_keys_need_it(own_ring: Path) -> None:
    ring.create_keys(SCOPE)
    (own_ring / "master.json").unlink()
    as_another_process()
    with pytest.raises(KeyRingError, match="Restore it"):
        ring.keys(SCOPE)


def test_a_key_file_copied_to_another_organisation_does_not_open(own_ring: Path) -> None:
    ring.create_keys(SCOPE)
    ring_file(own_ring, OTHER).write_bytes(ring_file(own_ring).read_bytes())
    with pytest.raises(KeyRingError, match="another organisation"):
        ring.keys(OTHER)


def test_after_rotation_old_values_open_and_new_ones_use_the_new_key(own_ring: Path) -> None:
    ring.create_keys(SCOPE)
    before = sealed()
    key_id = ring.rotate_data_key(SCOPE)
    after = sealed()
    assert opened(before) == opened(after) == b"value"
    assert before[1:5] != key_id == after[1:5]


def test_a_key_that_another_process_made_is_found_at_once(own_ring: Path) -> None:
    ring.create_keys(SCOPE)
    mine = ring.keys(SCOPE)
    ring.rotate_data_key(SCOPE)
    theirs = sealed()
    mine.checked = time.monotonic()
    ring._cache[SCOPE] = mine  # this process has not looked since
    assert opened(theirs) == b"value"


def test_an_unknown_key_is_refused_as_tampering(own_ring: Path) -> None:
    ring.create_keys(SCOPE)
    blob = sealed()
    forged = blob[:1] + os.urandom(4) + blob[5:]
    with pytest.raises(UnknownKey):
        opened(forged)
    assert issubclass(UnknownKey, TamperedCiphertext)


def test_destroyed_keys_are_gone_from_disk_memory_and_for_good(own_ring: Path) -> None:
    ring.create_keys(SCOPE)
    blob = sealed()
    ring.destroy_keys(SCOPE)
    assert not ring_file(own_ring).exists()
    for attempt in (lambda: opened(blob), lambda: sealed(), lambda: ring.create_keys(SCOPE)):
        with pytest.raises(KeyDestroyed):
            attempt()


def test_another_process_notices_destroyed_keys_within_the_recheck_time(
    own_ring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring.create_keys(SCOPE)
    blob = sealed()
    mine = ring.keys(SCOPE)
    ring.destroy_keys(SCOPE)
    ring._cache[SCOPE] = mine
    monkeypatch.setattr(mine, "checked", time.monotonic() - ring.RECHECK_SECONDS)
    with pytest.raises(KeyDestroyed):
        opened(blob)


def test_a_restored_key_file_does_not_bring_a_destroyed_organisation_back(own_ring: Path) -> None:
    ring.create_keys(SCOPE)
    kept = ring_file(own_ring).read_bytes()
    ring.destroy_keys(SCOPE)
    ring_file(own_ring).write_bytes(kept)
    with pytest.raises(KeyDestroyed):
        ring.keys(SCOPE)


def test_a_new_master_key_wraps_every_key_and_the_old_one_is_dropped(own_ring: Path) -> None:
    for scope in (SCOPE, OTHER):
        ring.create_keys(scope)
    blob, index = sealed(), ring.keys(SCOPE).indexer.digest(b"e", "x")
    old = ring.provider().current_kek_id()
    assert ring.rotate_master() == 2
    as_another_process()
    assert ring.provider().kek_ids() == [ring.provider().current_kek_id()] != [old]
    assert opened(blob) == b"value"
    assert ring.keys(SCOPE).indexer.digest(b"e", "x") == index


def test_the_index_key_stays_when_data_keys_rotate(own_ring: Path) -> None:
    ring.create_keys(SCOPE)
    before = ring.keys(SCOPE).indexer.digest(b"e", "x")
    ring.rotate_data_key(SCOPE)
    as_another_process()
    assert ring.keys(SCOPE).indexer.digest(b"e", "x") == before


def test_retired_keys_are_kept_for_backups_and_then_purged(own_ring: Path) -> None:
    ring.create_keys(SCOPE)
    blob = sealed()
    ring.rotate_data_key(SCOPE)
    ring.retire_data_keys(SCOPE, ring.keys(SCOPE).ids(ring.RETIRING))
    assert ring.purge_data_keys(SCOPE, older_than=timedelta(days=35)) == 0
    assert opened(blob) == b"value"
    assert ring.purge_data_keys(SCOPE, older_than=timedelta(0)) == 1
    with pytest.raises(UnknownKey):
        opened(blob)


def test_a_retiring_key_is_never_purged(own_ring: Path) -> None:
    ring.create_keys(SCOPE)
    blob = sealed()
    ring.rotate_data_key(SCOPE)
    assert ring.purge_data_keys(SCOPE, older_than=timedelta(0)) == 0
    assert opened(blob) == b"value"


def test_the_provider_refuses_a_wrong_context_an_altered_blob_and_an_absent_master_key(
    own_ring: Path,
) -> None:
    provider = FileKeyProvider(own_ring)
    wrapped = provider.wrap(b"k" * 32, b"here")
    assert provider.unwrap(wrapped, b"here") == b"k" * 32
    altered = WrappedKey(wrapped.kek_id, wrapped.blob[:-1] + bytes([wrapped.blob[-1] ^ 1]))
    for wrong, context in (
        (wrapped, b"there"),
        (altered, b"here"),
        (WrappedKey("00", wrapped.blob), b"here"),
    ):
        with pytest.raises(KeyRingError):
            provider.unwrap(wrong, context)


def test_a_damaged_file_is_named_and_not_taken_for_an_empty_one(own_ring: Path) -> None:
    ring.create_keys(SCOPE)
    ring_file(own_ring).write_text("{")
    as_another_process()
    with pytest.raises(KeyRingError, match="damaged"):
        ring.keys(SCOPE)


def test_creating_keys_is_quick_enough_for_provisioning(own_ring: Path) -> None:
    ring.create_keys(SCOPE)
    started = time.perf_counter()
    for _ in range(20):
        ring.create_keys(uuid.uuid4())
    assert (time.perf_counter() - started) / 20 < 0.03

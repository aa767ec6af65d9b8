"""Finished chunks of a run's chains in a file that only grows, so that the run can be taken up again where it was.

The file is a line that names its kind, then entries: a head (length, checksum, checksum of the head) and as many bytes.
The first entry says in JSON what is run; each further one is a chunk, a .npz of a chain's number, its record and the
`Snapshot` after it. A checksum covers all entries before, too. So what is read is what was written: a chunk that was
being written when the machine stopped is shorter than its head says, and is drawn again; any other damage is refused.
"""

import contextlib
import hashlib
import io
import json
import os
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hmc.errors import told
from hmc.files import put_new, write_whole
from hmc.reporting import say
from hmc.results.identity import (
    code_difference,
    draws_difference,
    fields,
    from_json,
    model_difference,
    to_json,
)
from hmc.sampler import snapshot
from hmc.sampler.chain import Record

MAGIC = b"rethinking-hmc checkpoint, version 2\n"
_HEAD = struct.Struct("<Q32sI")

_CHUNK_SECONDS = 1.0
_SECONDS_PER_BYTE = 3e-8  # some ten times what it takes to send data to a worker


def chunk_seconds(model):
    """How long a chunk is to take: short, but long enough for what sending the model's data costs to be little."""
    return _CHUNK_SECONDS + _SECONDS_PER_BYTE * sum(getattr(value, "nbytes", 8) for _, value in fields(model.data))


class KeptChain(NamedTuple):
    """A chain as far as it is in the file."""

    records: list  # of its chunks, one after the other
    snapshot: object  # where the next chunk goes on; None: at the start


class Checkpoint:
    """A run's file, open: `settings`, with the seed it was begun with, and the `chains`, a list of `KeptChain`."""

    def __init__(self, path, settings, chains, file, checksum):
        self.settings = settings
        self.chains = chains
        self._path, self._file, self._checksum = path, file, checksum

    def append(self, number, record, reached):
        """Write a chunk of chain `number`: its `Record`, and the `Snapshot` after it.

        OSError where it cannot be written; the file is then as it was.
        """
        buffer = io.BytesIO()
        arrays = {f"record/{name}": values for name, values in record._asdict().items()}
        arrays |= {f"snapshot/{name}": values for name, values in snapshot.to_arrays(reached).items()}
        np.savez(buffer, chain=number, **arrays)
        entry, checksum = _entry(buffer.getvalue(), self._checksum)
        end = self._file.seek(0, os.SEEK_END)
        try:
            left = memoryview(entry)
            while left:  # a disk that fills up takes a part, and says so at the next
                left = left[self._file.write(left) :]
            os.fsync(self._file.fileno())
        except BaseException as error:  # a second Ctrl-C, too
            self._file.truncate(end)
            if isinstance(error, OSError):
                raise OSError(error.errno, error.strerror, str(self._path)) from error
            raise
        self._checksum = checksum


@contextlib.contextmanager
def open_checkpoint(path, model, identity, settings, seed):
    """The `Checkpoint` at a path, for a `with`: made anew where there is none.

    identity: the model's, as it is now. `seed` None takes that of the file. ValueError, which names the difference,
    where the file is of another run: of another model or other data, other settings (but for more `draws`), another
    version of sampler, model or Numba; where it is damaged, or no checkpoint; and where another run has it open (on
    Windows, that is not seen).
    """
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
        raise ValueError(f"checkpoint = {path!r} is no path of a file")
    path = Path(os.path.realpath(path))  # a link may point to where nothing is yet
    if not path.parent.is_dir():
        raise ValueError(f"{path}: there is no such folder")
    if path.exists() and not path.is_file():
        raise ValueError(f"{path}: it is no ordinary file")
    ours = {"identity": to_json(identity), "settings": _kept(settings)}
    try:
        file = open(path, "r+b", buffering=0)  # noqa: SIM115 (closed below)
    except FileNotFoundError:
        if not model.density_is_stored():
            model.density()  # what cannot be compiled leaves no file behind
        entry, _ = _entry(json.dumps(ours).encode(), b"")
        with contextlib.suppress(FileExistsError):  # another run was quicker
            write_whole(path, lambda file: file.write(MAGIC + entry), put=put_new)
        file = open(path, "r+b", buffering=0)  # noqa: SIM115
    with file, _locked(file, path):
        if file.read(len(MAGIC)) != MAGIC:  # whatever it is, it may be too large to be read whole
            raise ValueError(f"{path}: it is not a checkpoint of this version")
        content = MAGIC + file.read()
        entries, end, checksum = _entries(content, path)
        theirs = _read(lambda: json.loads(entries[0]), path)
        if seed is None:
            settings = settings._replace(seed=theirs["settings"]["seed"])
        begun = _read(lambda: from_json(theirs["identity"]), path)
        different = (
            model_difference(begun, identity)
            or _settings_difference(theirs["settings"], _kept(settings))
            or code_difference(begun, identity)
        )
        if different:
            raise ValueError(f"{path}: {different}")
        chains = _read(lambda: _chains(entries[1:], settings.chains), path)
        done = max([c.snapshot.state.iteration for c in chains if c.snapshot], default=0) - settings.warmup
        if done > settings.draws:
            raise ValueError(f"{path}: it has {done} draws of a chain, and draws is {settings.draws}")
        different = draws_difference(begun, identity, chains, model)
        if different:
            raise ValueError(f"{path}: {different}")
        if end < len(content):
            say(f"{path}: the last chunk was not written to its end, and is drawn again")
            file.truncate(end)
        yield Checkpoint(path, settings, chains, file, checksum)


def _kept(settings):
    """The settings that draws depend on, as JSON has them; how many draws there are to be may change."""
    initial = None if settings.initial is None else np.asarray(settings.initial).tolist()
    kept = settings._replace(initial=initial)._asdict()
    del kept["draws"]
    return kept


def _settings_difference(theirs, ours):
    """The first setting that tells a run in a file from the one that is asked for, in words; None if none does."""
    for name, value in theirs.items():
        if value != ours.get(name):
            if name == "initial":
                return "it was begun with other initial points"
            return f"it was begun with {name} = {value}, not {ours.get(name)}"
    return None


def _chains(chunks, count):
    """The `KeptChain` of each chain of a run, as far as the chunks reach."""
    chains = [KeptChain([], None)] * count
    for chunk in chunks:
        with np.load(io.BytesIO(chunk), allow_pickle=False) as arrays:
            parts = {name: arrays[name] for name in arrays.files}
        number = int(parts.pop("chain"))
        record = Record(*(parts.pop(f"record/{name}") for name in Record._fields))
        state = snapshot.from_arrays({name.removeprefix("snapshot/"): values for name, values in parts.items()})
        chains[number] = KeptChain([*chains[number].records, record], state)
    return chains


def _entry(payload, before):
    """(an entry's bytes, its checksum)."""
    checksum = hashlib.sha256(before + payload).digest()
    head = struct.pack("<Q32s", len(payload), checksum)
    return head + struct.pack("<I", zlib.crc32(head)) + payload, checksum


def _entries(content, path):
    """(the payloads of all whole entries, where they end, the last checksum)."""
    payloads, place, checksum = [], len(MAGIC), b""
    while len(content) - place >= _HEAD.size:
        length, expected, check = _HEAD.unpack_from(content, place)
        is_whole = zlib.crc32(content[place : place + _HEAD.size - 4]) == check
        payload = content[place + _HEAD.size : place + _HEAD.size + length] if is_whole else b""
        if is_whole and len(payload) < length:
            break
        if not is_whole or hashlib.sha256(checksum + payload).digest() != expected:
            raise ValueError(f"{path}: it is damaged at byte {place}; cut off there, it keeps what stands before")
        payloads.append(payload)
        place, checksum = place + _HEAD.size + length, expected
    if not payloads:
        raise ValueError(f"{path}: it is cut short: nothing in it is whole")
    return payloads, place, checksum


def _read(read, path):
    """What `read()` gives; ValueError where it fails: the checksums are right, so another program wrote these bytes."""
    try:
        return read()
    except Exception as error:
        raise ValueError(f"{path}: it is not a checkpoint of this version ({told(error)})") from None


@contextlib.contextmanager
def _locked(file, path):
    """Keep other runs from the file, for a `with`; on Windows, nothing does."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ValueError(f"{path}: another run is writing to it") from None
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)  # closing would not do: workers that were forked meanwhile have the file, too

"""Checkpoints: finished chunks of a run's chains, appended to a file from which the run can be continued.

The file begins with a line that names its kind. Entries follow: a head (length, checksum, checksum of the head), then
the content. The first entry describes the run in JSON. Each further one is a chunk, as .npz: the number of a chain, its
record, the `Snapshot` after it, and the remarks on the chain so far. Each checksum also covers all entries before its
own, so the chunks read are those that were written. If the machine stopped during the writing of a chunk, the chunk is
shorter than its head says, and is drawn again. Any other damage is an error.
"""

import contextlib
import hashlib
import io
import json
import os
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from hmc.errors import Remark, told
from hmc.files import put_new, write_whole
from hmc.model_data import fields
from hmc.reporting import say
from hmc.results.identity import Identity, code_difference, draws_difference, from_json, model_difference, to_json
from hmc.sampler import snapshot
from hmc.sampler.chain import AnyRecord, record_kind
from hmc.settings import Settings

if TYPE_CHECKING:
    from hmc.model import Model

T = TypeVar("T")

MAGIC = b"rethinking-hmc checkpoint, version 2\n"
_HEAD = struct.Struct("<Q32sI")

_CHUNK_SECONDS = 1.0
_SECONDS_PER_BYTE = 3e-8  # some ten times what it takes to send data to a worker


def chunk_seconds(model: "Model") -> float:
    """How long a chunk should take: short, but long compared with sending the model's data to a worker."""
    return _CHUNK_SECONDS + _SECONDS_PER_BYTE * sum(getattr(value, "nbytes", 8) for _, value in fields(model.data))


class KeptChain(NamedTuple):
    """The part of a chain that is in the file."""

    records: list[AnyRecord]  # of its chunks, in their order
    snapshot: snapshot.Snapshot | None  # where the next chunk starts; None: at the start of the chain
    remarks: Sequence[Remark] = ()


class Checkpoint:
    """The open file of a run: its `settings`, with the seed that it was started with, and its `chains`."""

    def __init__(
        self, path: Path, settings: Settings, chains: list[KeptChain], file: io.FileIO, checksum: bytes
    ) -> None:
        self.settings = settings
        self.chains = chains
        self._path, self._file, self._checksum = path, file, checksum

    def append(
        self, number: int, record: AnyRecord, reached: snapshot.Snapshot, remarks: Sequence[Remark] = ()
    ) -> None:
        """Write a chunk of chain `number`: its record, the snapshot after it, all remarks on the chain so far.

        OSError if it cannot be written; the file then stays as it was.
        """
        buffer = io.BytesIO()
        arrays: dict[str, Any] = {f"record/{name}": values for name, values in record._asdict().items()}
        arrays |= {f"snapshot/{name}": values for name, values in snapshot.to_arrays(reached).items()}
        texts = json.dumps([remark._asdict() for remark in remarks])
        np.savez(buffer, chain=number, remarks=texts, **arrays)
        entry, checksum = _entry(buffer.getvalue(), self._checksum)
        end = self._file.seek(0, os.SEEK_END)
        try:
            left = memoryview(entry)
            while left:  # a disk that fills up takes a part; the next write then fails
                left = left[self._file.write(left) :]
            os.fsync(self._file.fileno())
        except BaseException as error:  # including a second Ctrl-C
            self._file.truncate(end)
            if isinstance(error, OSError):
                raise OSError(error.errno, error.strerror, str(self._path)) from None
            raise
        self._checksum = checksum


@contextlib.contextmanager
def open_checkpoint(
    path: str | os.PathLike[str], model: "Model", identity: Identity, settings: Settings, seed: int | None
) -> Iterator[Checkpoint]:
    """The `Checkpoint` at a path, for a `with`; a new file if there is none.

    identity: the model's, as it is now.
    seed: as it was asked for; None takes the seed of the file.

    ValueError, which names the difference, if the file belongs to another run: another model or other data, other
    settings (except for more `draws`), another version of sampler, model or Numba. ValueError, too, if the file is
    damaged or not a checkpoint, and if another run has it open (which cannot be seen on Windows).
    """
    path = _checked(path)
    description = {"identity": to_json(identity), "settings": _kept(settings)}
    with _opened(path, model, description) as file, _locked(file, path):
        if file.read(len(MAGIC)) != MAGIC:  # any other file may be too large to be read whole
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
        chains = _read(lambda: _chains(entries[1:], settings), path)
        done = max([c.snapshot.state.iteration for c in chains if c.snapshot], default=0) - settings.warmup
        if done > settings.draws:
            raise ValueError(f"{path}: it has {done} draws of a chain, and draws is {settings.draws}")
        different = draws_difference(begun, identity, [(c.records, c.snapshot) for c in chains], model)
        if different:
            raise ValueError(f"{path}: {different}")
        if end < len(content):
            say(f"{path}: the last chunk was not written completely, and is drawn again")
            file.truncate(end)
        yield Checkpoint(path, settings, chains, file, checksum)


def _checked(path: Any) -> Path:
    """The real path of a file that exists or can be made; ValueError for anything else."""
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
        raise ValueError(f"checkpoint = {path!r} is not the path of a file")
    path = Path(os.path.realpath(path))  # a link may lead to a file that does not exist yet
    if not path.parent.is_dir():
        raise ValueError(f"{path}: there is no such folder")
    if path.exists() and not path.is_file():
        raise ValueError(f"{path}: it is not an ordinary file")
    return path


def _opened(path: Path, model: "Model", description: dict[str, Any]) -> io.FileIO:
    """The file at `path`, opened to be read and written; one that is missing is made, with this description."""
    try:
        return open(path, "r+b", buffering=0)
    except FileNotFoundError:
        if not model.density_is_stored():
            model.density()  # a density that does not compile leaves no file behind
        entry, _ = _entry(json.dumps(description).encode(), b"")
        with contextlib.suppress(FileExistsError):  # another run was faster
            write_whole(path, lambda file: file.write(MAGIC + entry), put=put_new)
        return open(path, "r+b", buffering=0)


def _kept(settings: Settings) -> dict[str, Any]:
    """The settings that a run must keep when it is continued, as JSON holds them: all but the number of draws."""
    initial = None if settings.initial is None else np.asarray(settings.initial).tolist()
    kept = settings._replace(initial=initial)._asdict()
    del kept["draws"]
    return kept


def _settings_difference(theirs: dict[str, Any], ours: dict[str, Any]) -> str | None:
    """The first setting that differs between the run in a file and this one, in words; None if there is none."""
    for name, value in theirs.items():
        if value != ours.get(name):
            if name == "initial":
                return "it was started with other initial points"
            return f"it was started with {name} = {value}, not {ours.get(name)}"
    return None


def _chains(chunks: Sequence[bytes], settings: Settings) -> list[KeptChain]:
    """The chains of a run, as far as the chunks reach."""
    chains, kind = [KeptChain([], None)] * settings.chains, record_kind(settings.algorithm)
    for chunk in chunks:
        with np.load(io.BytesIO(chunk), allow_pickle=False) as arrays:
            parts = {name: arrays[name] for name in arrays.files}
        number = int(parts.pop("chain"))
        remarks = [Remark(**remark) for remark in json.loads(str(parts.pop("remarks")))]
        record = kind(*(parts.pop(f"record/{name}") for name in kind._fields))
        state = snapshot.from_arrays({name.removeprefix("snapshot/"): values for name, values in parts.items()})
        chains[number] = KeptChain([*chains[number].records, record], state, remarks)
    return chains


def _entry(payload: bytes, before: bytes) -> tuple[bytes, bytes]:
    """(the bytes of an entry, its checksum), given the checksum of the entry before."""
    checksum = hashlib.sha256(before + payload).digest()
    head = struct.pack("<Q32s", len(payload), checksum)
    return head + struct.pack("<I", zlib.crc32(head)) + payload, checksum


def _entries(content: bytes, path: Path) -> tuple[list[bytes], int, bytes]:
    """(the payloads of all complete entries, where they end, the last checksum)."""
    payloads: list[bytes] = []
    place, checksum = len(MAGIC), b""
    while len(content) - place >= _HEAD.size:
        length, expected, check = _HEAD.unpack_from(content, place)
        is_whole = zlib.crc32(content[place : place + _HEAD.size - 4]) == check
        payload = content[place + _HEAD.size : place + _HEAD.size + length] if is_whole else b""
        if is_whole and len(payload) < length:
            break
        if not is_whole or hashlib.sha256(checksum + payload).digest() != expected:
            raise ValueError(
                f"{path}: it is damaged at byte {place}; what comes before can be used if the file is cut there"
            )
        payloads.append(payload)
        place, checksum = place + _HEAD.size + length, expected
    if not payloads:
        raise ValueError(f"{path}: it is cut short, and has no complete entry")
    return payloads, place, checksum


def _read(read: Callable[[], T], path: Path) -> T:
    """The result of `read()`. ValueError if it fails: the checksums are right, so another program wrote these bytes."""
    try:
        return read()
    except Exception as error:
        raise ValueError(f"{path}: it is not a checkpoint of this version ({told(error)})") from None


@contextlib.contextmanager
def _locked(file: io.FileIO, path: Path) -> Iterator[None]:
    """Lock the file against other runs, for a `with`; on Windows, do nothing."""
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
        fcntl.flock(file, fcntl.LOCK_UN)  # closing is not enough: workers forked meanwhile hold the file, too

"""The contract's files with their comments."""

import functools
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from google.protobuf import descriptor_pb2
from grpc_tools import protoc

# The rules in the fields' options are read as such once their extension is known.
from groundwire._vendor import buf_validate_pb2  # noqa: F401

PROTOS = Path(__file__).resolve().parents[3] / "protos"
PACKAGE = "groundwire.v1"


@dataclass(frozen=True)
class Source:
    """A .proto file.

    Attributes:
        said: the comment before each element, by the path that descriptors give it.
    """

    file: descriptor_pb2.FileDescriptorProto
    said: Mapping[tuple[int, ...], str]

    @property
    def name(self) -> str:
        """The file's name without folder and extension."""
        return Path(self.file.name).stem

    def comment(self, *path: int) -> str:
        """Return the comment before an element, with its line breaks."""
        return self.said.get(path, "")


@functools.cache
def sources() -> Sequence[Source]:
    """Return the files of the contract, sorted by name."""
    files = sorted(path.relative_to(PROTOS) for path in PROTOS.glob("groundwire/v1/*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "descriptors")
        includes = [PROTOS, PROTOS / "vendor", resources.files("grpc_tools") / "_proto"]
        arguments = [*(f"-I{each}" for each in includes), "--include_source_info", f"--descriptor_set_out={target}"]
        if protoc.main(["protoc", *arguments, *map(str, files)]):
            raise ValueError("the contract does not compile: run make check ARGS=buf")
        found = descriptor_pb2.FileDescriptorSet.FromString(target.read_bytes())
    return [Source(file, _comments(file)) for file in found.file if file.package == PACKAGE]


def source(name: str) -> Source:
    """Return the file with this name."""
    (one,) = [each for each in sources() if each.name == name]
    return one


def _comments(file: descriptor_pb2.FileDescriptorProto) -> Mapping[tuple[int, ...], str]:
    return {
        tuple(place.path): "\n".join(line.removeprefix(" ") for line in place.leading_comments.rstrip().split("\n"))
        for place in file.source_code_info.location
        if place.leading_comments
    }

"""Every file says what the generators of other languages need, and every call whether it can be repeated."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileOptions, MethodOptions

import groundwire.v1
from tests.e2e.methods import METHODS


def files() -> Iterator[FileDescriptor]:
    for module in pkgutil.iter_modules(groundwire.v1.__path__):
        if module.name.endswith("_pb2"):
            file: FileDescriptor = importlib.import_module(f"groundwire.v1.{module.name}").DESCRIPTOR
            yield file


@pytest.mark.parametrize("file", list(files()), ids=lambda file: file.name)
def test_every_file_names_its_package_in_every_language(file: FileDescriptor) -> None:
    name = file.name.removeprefix("groundwire/v1/").removesuffix(".proto")
    assert file.GetOptions() == FileOptions(
        csharp_namespace="Groundwire.V1",
        go_package="groundwire.io/groundwire/v1;groundwirev1",
        java_multiple_files=True,
        java_outer_classname="".join(part.capitalize() for part in name.split("_")) + "Proto",
        java_package="io.groundwire.v1",
    )


READS = ("Get", "List", "Watch", "Retrieve", "CheckGrounding")


@pytest.mark.parametrize("name", [method.name for method in METHODS if method.name.startswith("groundwire.")])
def test_reads_and_only_reads_have_no_side_effects(name: str) -> None:
    (method,) = [each.descriptor for each in METHODS if each.name == name]
    level = method.GetOptions().idempotency_level
    assert (level == MethodOptions.NO_SIDE_EFFECTS) is name.rpartition("/")[2].startswith(READS)

"""Every file says what the generators of other languages need, and every call whether it can be repeated."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileOptions, MethodOptions

import groundwire.guard.v1
import groundwire.v1
from tests.e2e.methods import METHODS


def files() -> Iterator[FileDescriptor]:
    for package in (groundwire.v1, groundwire.guard.v1):
        for module in pkgutil.iter_modules(package.__path__):
            if module.name.endswith("_pb2"):
                file: FileDescriptor = importlib.import_module(f"{package.__name__}.{module.name}").DESCRIPTOR
                yield file


@pytest.mark.parametrize("file", list(files()), ids=lambda file: file.name)
def test_every_file_names_its_package_in_every_language(file: FileDescriptor) -> None:
    folder, _, name = file.name.removesuffix(".proto").rpartition("/")
    *_, last, version = folder.split("/")
    assert file.package == folder.replace("/", ".")
    assert file.GetOptions() == FileOptions(
        csharp_namespace=".".join(part.capitalize() for part in folder.split("/")),
        go_package=f"groundwire.io/{folder};{last}{version}",
        java_multiple_files=True,
        java_outer_classname="".join(part.capitalize() for part in name.split("_")) + "Proto",
        java_package=f"io.{file.package}",
    )


READS = ("Get", "List", "Watch", "Retrieve", "CheckGrounding", "Verify", "Export", "Measure", "Query")


@pytest.mark.parametrize("name", [method.name for method in METHODS if method.name.startswith("groundwire.")])
def test_reads_and_only_reads_have_no_side_effects(name: str) -> None:
    (method,) = [each.descriptor for each in METHODS if each.name == name]
    level = method.GetOptions().idempotency_level
    assert (level == MethodOptions.NO_SIDE_EFFECTS) is name.rpartition("/")[2].startswith(READS)

"""The vendored descriptor of the rules lives beside others of the same name, whoever comes first."""

import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest
from grpc_tools import protoc

pytestmark = pytest.mark.process

VENDOR = Path(__file__).parents[2] / "protos" / "vendor"

USE = """
import protovalidate
from groundwire.v1 import answer_service_pb2
assert [v.proto.rule_id for v in protovalidate.collect_violations(answer_service_pb2.AnswerRequest())] == ["required"]
"""
OTHERS = """
from buf.validate import validate_pb2
field = validate_pb2.DESCRIPTOR.message_types_by_name["StringRules"].fields_by_name["min_len"]
"""


def run(program: str, *path: Path, **environment: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": ":".join(map(str, path)), "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with the module that protoc itself makes of the rules, as other distributions install it."""
    compile_rules(VENDOR, tmp_path)
    return tmp_path


def compile_rules(source: Path, out: Path) -> None:
    well_known = resources.files("grpc_tools") / "_proto"
    arguments = [f"--proto_path={source}", f"--proto_path={well_known}", f"--python_out={out}"]
    assert protoc.main(["protoc", *arguments, "buf/validate/validate.proto"]) == 0


@pytest.mark.parametrize("runtime", ["upb", "python"])
@pytest.mark.parametrize("program", [USE + OTHERS, OTHERS + USE], ids=["ours first", "theirs first"])
def test_is_equal_to_what_others_install(installed: Path, program: str, runtime: str) -> None:
    run(program, installed, PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION=runtime)


def test_gives_way_to_another_version_that_was_first(tmp_path: Path) -> None:
    rules = "buf/validate/validate.proto"
    changed = tmp_path / "src" / rules
    changed.parent.mkdir(parents=True)
    text = (VENDOR / rules).read_text()
    changed.write_text(text + "\nmessage ANewerRule {}\n")
    compile_rules(tmp_path / "src", tmp_path)
    run(OTHERS + USE + "assert validate_pb2.ANewerRule()", tmp_path)


def test_does_not_claim_the_package_buf() -> None:
    run(USE + "import importlib.util, sys\nassert 'buf' not in sys.modules and not importlib.util.find_spec('buf')")

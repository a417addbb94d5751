"""Results of cases as JUnit XML, which systems for continuous integration read."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Final
from xml.etree import ElementTree as ET

from groundwire_server.cli.prompts.results import MISSING, CaseResult

_NOT_IN_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_of(results: Sequence[CaseResult]) -> bytes:
    """Return results as JUnit XML: a suite for each file, a failure for what does not hold, an error for no output."""
    root = ET.Element("testsuites", _counts(results))
    for file, of_file in groupby(results, lambda each: each.file):
        cases = list(of_file)
        suite = ET.SubElement(root, "testsuite", {"name": _clean(str(file)), **_counts(cases)})
        for each in cases:
            _case(suite, each)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _case(suite: ET.Element, result: CaseResult) -> None:
    about = {
        "classname": _clean(result.file.stem),
        "name": _clean(result.case.name),
        "time": f"{result.seconds:.3f}",
    }
    case = ET.SubElement(suite, "testcase", about)
    if result.missing:
        ET.SubElement(case, "error", {"message": MISSING})
    elif result.faults:
        failure = ET.SubElement(case, "failure", {"message": _clean(result.faults[0])})
        failure.text = _clean("\n".join(result.faults))


def _counts(results: Sequence[CaseResult]) -> dict[str, str]:
    return {
        "tests": str(len(results)),
        "failures": str(sum(bool(each.faults) for each in results)),
        "errors": str(sum(each.missing for each in results)),
        "time": f"{sum(each.seconds for each in results):.3f}",
    }


def _clean(text: str) -> str:
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)

"""pyproject.toml, constraints.txt, environment.yml and the citation agree with each other."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import mechfit

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
REQUIREMENTS = [*PROJECT["dependencies"], *(name for extra in EXTRAS.values() for name in extra)]


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pins}


def conda() -> tuple[dict[str, str], list[str]]:
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    packages = dict(re.match(r"([\w-]+)=*(.*)", p).groups() for p in listed if isinstance(p, str))
    return packages, next(entry["pip"] for entry in listed if isinstance(entry, dict))


def test_the_extras_are_the_promised_ones():
    assert set(EXTRAS) == {"book", "test", "bench", "scale", "nwb", "abf", "arviz", "gpu"}


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_every_requirement_has_a_tested_version(requirement):
    wanted = Requirement(requirement)
    tested = constraints()[canonicalize_name(wanted.name)]
    assert wanted.specifier.contains(tested, prereleases=True)


def test_versions_are_exact_and_without_local_parts():
    for name, version in constraints().items():
        assert re.fullmatch(r"[\w.]+", version), f"{name}=={version}"


def test_conda_gives_the_tools_and_pip_the_rest():
    packages, pip = conda()
    assert set(packages) == {"python", "pip", "make", "pytorch-cpu"}
    assert pip == ["-c constraints.txt", "-e .[book,scale]"]
    assert packages["pytorch-cpu"] == constraints()["torch"]


def test_conda_python_is_supported():
    supported = Requirement(f"python{PROJECT['requires-python']}").specifier
    assert supported.contains(conda()[0]["python"])


def test_ci_tries_three_systems_and_the_oldest_and_newest_python():
    text = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    tried = yaml.safe_load(text)["jobs"]["package"]["strategy"]["matrix"]["include"]
    assert {each["os"].split("-")[0] for each in tried} == {"ubuntu", "macos", "windows"}
    supported = Requirement(f"python{PROJECT['requires-python']}").specifier
    minors = {int(each["python"].removeprefix("3.")) for each in tried}
    inside = [minor for minor in range(30) if supported.contains(f"3.{minor}")]
    assert {inside[0], inside[-1]} <= minors <= set(inside)


def test_one_version_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert mechfit.__version__ == PROJECT["version"] == citation["version"]
    assert f"## {PROJECT['version']}" in changes

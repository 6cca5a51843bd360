"""The bill of materials of an image: its Debian packages beside Python's."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.supply_chain.debian_packages import Package, installed
from trainer.config.settings import REPO_ROOT

PYTHON = REPO_ROOT / ".venv-sbom" / "bin" / "python"
STATUS = """Package: zlib1g
Status: install ok installed
Section: libs
Architecture: amd64
Source: zlib
Version: 1:1.2.13.dfsg-1
Description: compression library
 Version: not this one

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: adduser
Status: install ok installed
Architecture: all
Version: 3.134
Source: adduser (3.133)
"""
PYTHONS = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "version": 1,
    "components": [
        {"type": "library", "name": name, "version": "1.0", "purl": f"pkg:pypi/{name}@1.0"}
        for name in ("alpha", "beta")
    ],
}


def test_installed_packages_are_read_with_the_source_they_were_built_of():
    assert installed(STATUS) == [
        Package("adduser", "3.134", "all", "adduser", ""),
        Package("zlib1g", "1:1.2.13.dfsg-1", "amd64", "zlib", "libs"),
    ]


@pytest.mark.parametrize("text", ["", "<html>", STATUS.replace("Version: 3.134\n", "")])
def test_what_is_no_status_is_a_sentence(text):
    with pytest.raises(ValueError, match="give dpkg's own status file"):
        installed(text)


@pytest.mark.skipif(not PYTHON.exists(), reason="`make sbom` has not made its environment")
def test_all_are_in_one_bill_each_once(tmp_path):
    status, out = tmp_path / "status", tmp_path / "image.cdx.json"
    status.write_text(STATUS)
    boms = [tmp_path / "one.json", tmp_path / "two.json"]
    for bom in boms:
        bom.write_text(json.dumps(PYTHONS))
    program = [PYTHON, "-m", "tests.supply_chain.image_bom", "--status", status, "--out", out]
    subprocess.run([*program, "--image", "an:image", *boms], check=True, cwd=REPO_ROOT)
    found = json.loads(out.read_text())
    assert found["metadata"]["component"]["name"] == "an:image"
    assert sorted(component["purl"] for component in found["components"]) == [
        "pkg:deb/debian/adduser@3.134?arch=all&source=adduser",
        "pkg:deb/debian/zlib1g@1:1.2.13.dfsg-1?arch=amd64&source=zlib",
        "pkg:pypi/alpha@1.0",
        "pkg:pypi/beta@1.0",
    ]

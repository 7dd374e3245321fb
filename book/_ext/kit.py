"""Make one archive for a room without internet: python book/_ext/kit.py FOLDER.

It holds the built book, if `make html` was run, the students' notebooks with all that they read,
the wheels of mechfit and of every package that the notebooks need, for this platform and this
version of Python, and install.py, which installs them from there into an environment of its own.
"""

import argparse
import shutil
import subprocess
import sys
import sysconfig
import time
import zipfile
from pathlib import Path

import notebooks

ROOT = Path(__file__).resolve().parents[2]
EXTRAS = "book,scale"
PAGES = "Pages: open html/index.html in a browser. Figures work without any installation.\n"
READ_ME = """mechfit, for a room without internet

{pages}
Notebooks: with Python {python} on {platform}, in this folder:

    python install.py

It makes the environment .venv from the wheels here, in a few minutes and without a network, and
prints the line that opens the notebooks.
"""


def size(folder: Path) -> float:
    """Return the megabytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def gather_wheels(folder: Path) -> None:
    """Gather the wheels of mechfit and of all that its notebooks need."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", "wheel"]
    subprocess.run([*pip, "--no-deps", "-w", folder, ROOT], check=True)
    (own,) = folder.glob("mechfit-*.whl")
    limits = ["-c", ROOT / "constraints.txt", "--prefer-binary"]
    subprocess.run([*pip, *limits, "-w", folder, f"{own}[{EXTRAS}]"], check=True)
    if cuda := list(folder.glob("nvidia_*.whl")):
        print(
            f"{len(cuda)} wheels are for a graphics card. For a smaller archive, first: "
            "export PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu"
        )


def pack(folder: Path, archive: Path) -> None:
    """Write a folder to a zip archive, in which its name is the first part of every name."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            whole = path.suffix in (".whl", ".safetensors", ".npz", ".png", ".woff", ".woff2")
            how = zipfile.ZIP_STORED if whole else zipfile.ZIP_DEFLATED
            packed.write(path, Path(folder.name) / path.relative_to(folder), how)


def main(arguments: list[str] | None = None) -> None:
    """Make the archive."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="where archive and its contents go")
    given = parser.parse_args(arguments)
    started, platform = time.perf_counter(), sysconfig.get_platform()
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    kit = given.folder / f"mechfit-{platform}-python{python}"
    shutil.rmtree(kit, ignore_errors=True)
    kit.mkdir(parents=True)
    html = ROOT / "_build" / "html"
    if html.exists():
        shutil.copytree(html, kit / "html")
    else:
        print(
            "There is no built book in _build/html: `make html` makes it, then make the kit again."
        )
    notebooks.main([str(kit / "notebooks"), "--student"])
    gather_wheels(kit / "wheels")
    shutil.copyfile(Path(__file__).with_name("kit_install.py"), kit / "install.py")
    pages = PAGES if html.exists() else ""
    read_me = READ_ME.format(pages=pages, python=python, platform=platform)
    (kit / "README.txt").write_text(read_me, encoding="utf-8")
    archive = kit.with_name(f"{kit.name}.zip")
    pack(kit, archive)
    for part in sorted(path for path in kit.iterdir() if path.is_dir()):
        print(f"{part.name:10}{size(part):8.0f} MB")
    minutes = (time.perf_counter() - started) / 60
    print(f"{archive}: {archive.stat().st_size / 1e6:.0f} MB, in {minutes:.1f} minutes")


if __name__ == "__main__":
    main()

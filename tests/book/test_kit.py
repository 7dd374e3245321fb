"""The archive for a room without internet, without the wheels of other packages."""

import subprocess
import sys
import zipfile

import kit
import pytest


@pytest.fixture
def made(tmp_path, monkeypatch):
    def wheels(folder):
        folder.mkdir()
        (folder / "mechfit-0.1.0-py3-none-any.whl").write_bytes(b"no wheel")

    def students(arguments):
        folder, kind = arguments
        assert kind == "--student"
        path = tmp_path / folder / "book" / "index.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text("{}", encoding="utf-8")

    html = tmp_path / "_build" / "html"
    html.mkdir(parents=True)
    (html / "index.html").write_text("<p>A page.</p>", encoding="utf-8")
    monkeypatch.setattr(kit, "ROOT", tmp_path)
    monkeypatch.setattr(kit, "gather_wheels", wheels)
    monkeypatch.setattr(kit.notebooks, "main", students)
    kit.main([str(tmp_path / "kit")])
    (archive,) = (tmp_path / "kit").glob("*.zip")
    return archive


def test_the_archive_holds_pages_notebooks_wheels_and_an_installer(made):
    with zipfile.ZipFile(made) as packed:
        names = {name.removeprefix(f"{made.stem}/") for name in packed.namelist()}
    assert names == {
        "README.txt",
        "install.py",
        "html/index.html",
        "notebooks/book/index.ipynb",
        "wheels/mechfit-0.1.0-py3-none-any.whl",
    }


@pytest.mark.slow
def test_the_installer_says_what_does_not_fit(made):
    with zipfile.ZipFile(made) as packed:
        packed.extractall(made.parent / "room")
    installer = made.parent / "room" / made.stem / "install.py"
    done = subprocess.run([sys.executable, installer], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "The wheels are for" in done.stderr
    assert "The pages in html need neither." in done.stderr

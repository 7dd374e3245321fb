"""What a chapter's results depend on, as one key.

jupyter-cache knows a chapter by its code cells alone, so after an edit of the package it would
serve outputs that the code no longer gives. The key made here covers the rest:

    key = hash(modules of the package that the cells import, transitively,
               files that the cells name by a relative path ("../artefacts/NAME..."),
               constraints.txt)

`salted` writes the key into the chapter's kernelspec as Sphinx reads it. The kernelspec is part
of jupyter-cache's own hash, so a stale record is never found, and an undone edit finds its old
record again.
"""

import ast
import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

CELL = re.compile(
    r"^(?P<fence>`{3,}|:{3,})\{code-cell\}[^\n]*\n(?P<body>.*?)^(?P=fence)\s*$", re.M | re.S
)
OPTIONS = re.compile(r"\A(?:---\n.*?^---\n|(?::[^\n]*\n)+)", re.M | re.S)
RELATIVE_PATH = re.compile(r"""["'](\.\.?/[^"'{]*)""")


def code_cells(text: str) -> list[str]:
    """Return the sources of the code cells of a MyST notebook, without their options."""
    return [OPTIONS.sub("", match["body"]) for match in CELL.finditer(text)]


@dataclass(frozen=True)
class Package:
    """The modules of one or more packages, read without importing them.

    Attributes:
        names: First parts of the packages' names, such as `mechfit` and `book`.
        modules: Dotted name of each module, and its file.
        exports: For each package with a lazy table `_EXPORTS`: public name to module.
        imports: The modules that a module imports directly, of those that were asked for.
    """

    names: frozenset[str]
    modules: dict[str, Path]
    exports: dict[str, dict[str, str]]
    imports: dict[str, set[str]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def read(cls, root: Path, *folders: str) -> "Package":
        """Read the packages in folders of `root`, such as "mechfit" and "book/figures"."""
        modules = {}
        names = frozenset(folder.split("/")[0] for folder in folders)
        for path in sorted(f for folder in folders for f in (root / folder).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
        exports = {}
        for module, path in modules.items():
            if path.name == "__init__.py" and (table := _lazy_table(path)) is not None:
                exports[module] = {
                    public: target
                    if target.split(".")[0] in names
                    else f"{module}.{target.lstrip('.')}"
                    for public, target in table.items()
                }
        return cls(names, modules, exports)

    def used_by(self, source: str) -> set[str]:
        """Return the modules that `source` imports, directly or through other modules."""
        found: set[str] = set()
        open_ends = self._imports(source)
        while open_ends:
            module = open_ends.pop()
            if module in found:
                continue
            found.add(module)
            path = self.modules[module]
            if module not in self.exports:  # a lazy __init__ imports only what is asked of it
                if module not in self.imports:
                    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
                    text = path.read_text(encoding="utf-8")
                    self.imports[module] = self._imports(text, package)
                open_ends |= self.imports[module] - found
        return found

    def _imports(self, source: str, package: str = "") -> set[str]:
        """Return the modules that one piece of source names in its import statements."""
        try:
            tree = ast.parse(re.sub(r"^\s*[%!].*$", "", source, flags=re.M))
        except SyntaxError:
            return set(self.modules)
        found: set[str] = set()
        aliases: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name.split(".")[0] in self.names:
                        found |= self._resolve(alias.name)
                        bound = alias.name if alias.asname else alias.name.split(".")[0]
                        aliases[alias.asname or alias.name.split(".")[0]] = bound
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    parents = package.split(".")
                    parents = parents[: len(parents) - node.level + 1]
                    base = ".".join([*parents, base] if base else parents)
                if base.split(".")[0] in self.names:
                    for alias in node.names:
                        found |= self._resolve(base, alias.name)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                base = aliases.get(node.value.id)
                if base in self.exports:
                    found |= self._resolve(base, node.attr)
        return found

    def _resolve(self, module: str, name: str | None = None) -> set[str]:
        """Return the modules that `import module` or `from module import name` runs."""
        if name is not None and f"{module}.{name}" in self.modules:
            return self._resolve(f"{module}.{name}")
        if name is not None and module in self.exports:
            if name.startswith("__"):  # the docstring or version of the package
                return set()
            target = self.exports[module].get(name)
            return self._resolve(target) if target else set(self.modules)
        parts = module.split(".")
        parents = {".".join(parts[:i]) for i in range(1, len(parts) + 1)}
        return parents & set(self.modules)


def chapter_key(chapter: Path, root: Path, package: Package) -> str:
    """Return the key of a chapter's results: hexadecimal digits that change with its inputs."""
    cells = "\n".join(code_cells(chapter.read_text(encoding="utf-8")))
    files = [root / "constraints.txt"]
    files += [package.modules[m] for m in package.used_by(cells) if m not in package.exports]
    for prefix in RELATIVE_PATH.findall(cells):
        files += _files_under((chapter.parent / prefix), trailing=prefix.endswith("/"))
    digest = hashlib.sha256()
    for path in sorted({file.resolve() for file in files}):
        digest.update(path.relative_to(root.resolve()).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def salted(text: str, key: str) -> str:
    """Return a notebook's text with the key in its kernelspec, every line where it was."""
    if not text.startswith("---\n") or (end := text.find("\n---", 4)) < 0:
        return text
    meta = yaml.safe_load(text[4:end])
    if not isinstance(meta, dict) or "jupytext" not in meta:
        return text
    meta.setdefault("kernelspec", {"name": "python3", "display_name": "Python 3"})
    meta["kernelspec"]["results_key"] = key
    blank_lines = "\n" * text[4:end].count("\n")
    return "---\n" + json.dumps(meta) + blank_lines + text[end:]


def _lazy_table(path: Path) -> dict[str, str] | None:
    """Return the literal dictionary `_EXPORTS` of a module, None where there is none."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == "_EXPORTS" for target in targets):
            return ast.literal_eval(node.value)
    return None


def _files_under(prefix: Path, *, trailing: bool) -> list[Path]:
    """Return the files whose path starts with `prefix`, folders followed."""
    starts = [prefix] if trailing else prefix.parent.glob(prefix.name + "*")
    files: list[Path] = []
    for start in starts:
        files += start.rglob("*") if start.is_dir() else [start]
    return [file for file in files if file.is_file() and "__pycache__" not in file.parts]

"""Run as a program: lints a hollow copy of the packages once per planted import.

Reads a list of ``[contract id, {module: source}]`` as JSON from the file named first, and writes,
per entry, whether the contract held to the file named second. It is a process of its own
because import-linter finds packages through this process's import path.
"""

import json
import sys
from pathlib import Path

from importlinter import configuration
from importlinter.application.use_cases import lint_imports


def module_file(source: Path, module: str) -> Path:
    """The file of a module: a package's ``__init__.py`` where there is one."""
    path = source.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def holds(source: Path, contract: str, planted: dict[str, str]) -> bool:
    """Whether ``contract`` is kept while the modules of ``planted`` have that source."""
    before: dict[Path, str | None] = {}
    try:
        for module, text in planted.items():
            file = module_file(source, module)
            before[file] = file.read_text() if file.exists() else None
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return lint_imports(
            config_filename=str(source / "pyproject.toml"),
            limit_to_contracts=(contract,) if contract else (),
            cache_dir=None,
            no_logo=True,
        )
    finally:
        for file, text in before.items():
            if text is None:
                file.unlink()
            else:
                file.write_text(text)


def main(plants_file: str, verdicts_file: str) -> None:
    configuration.configure()
    source = Path.cwd()
    sys.path.insert(0, str(source))
    plants: list[tuple[str, dict[str, str]]] = json.loads(Path(plants_file).read_text())
    verdicts = [holds(source, contract, planted) for contract, planted in plants]
    Path(verdicts_file).write_text(json.dumps(verdicts))


if __name__ == "__main__":
    main(*sys.argv[1:])

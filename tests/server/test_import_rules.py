"""The layers of the architecture, checked by import-linter as `lint-imports` does."""

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports


def test_features_import_downward_only() -> None:
    assert lint_imports(config_filename="pyproject.toml", no_cache=True) == EXIT_STATUS_SUCCESS

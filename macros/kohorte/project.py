"""What the compiler needs to know of the dbt project around it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from kohorte.errors import KohorteError

SPECS_FOLDER = "segments"
GENERATED_FOLDER = Path("models/marts/segments/generated")
WAREHOUSE_VARIABLE = "KOHORTE_WAREHOUSE"
WAREHOUSE_NAME = "kohorte"
SERVING_FOLDER = "serving"
_ENV_VAR = re.compile(
    r"\{\{\s*env_var\(\s*['\"](\w+)['\"]\s*(?:,\s*['\"]([^'\"]*)['\"]\s*)?\)\s*\}\}"
)


@dataclass(frozen=True)
class Project:
    """A dbt project: its folder, the adapter of its target, and its vars."""

    root: Path
    adapter: str
    vars: Mapping[str, Any]

    @property
    def specs(self) -> Path:
        """Return the folder of the specs."""
        return self.root / SPECS_FOLDER

    @property
    def generated(self) -> Path:
        """Return the folder that the compiler writes to."""
        return self.root / GENERATED_FOLDER

    @property
    def sets_aside(self) -> bool:
        """Tell whether a broken spec is set aside instead of stopping the build.

        Raises KohorteError when the var says neither.
        """
        choice = self.vars.get("on_broken_spec") or "stop"
        if choice not in ("stop", "set_aside"):
            message = f"dbt_project.yml: var on_broken_spec: `{choice}` is unknown"
            raise KohorteError(f"{message}; write stop or set_aside")
        return bool(choice == "set_aside")

    @property
    def timezone(self) -> str:
        """Return the project's time zone.

        Raises KohorteError when it is not one of the IANA database.
        """
        name = str(self.vars.get("timezone") or "UTC")
        try:
            ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            message = f"dbt_project.yml: var timezone: `{name}` is not a time zone"
            raise KohorteError(f"{message}; write one such as Europe/Vienna") from None
        return name


def read_project(
    root: Path,
    *,
    profiles: Path | None = None,
    profile: str | None = None,
    target: str | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Project:
    """Read the dbt project in a folder; `overrides` are vars of the command line.

    Raises KohorteError when the folder is no dbt project or has no such target.
    """
    path = root / "dbt_project.yml"
    settings = _read_yaml(path)
    merged = {**read_vars(path), **(overrides or {})}
    name = profile or settings.get("profile") or settings.get("name")
    return Project(root, _adapter(profiles or root, str(name), target), merged)


def read_vars(path: Path) -> dict[str, Any]:
    """Return the vars that a dbt_project.yml declares, the project's own before all others'."""
    settings = _read_yaml(path)
    declared = settings.get("vars") or {}
    return {**declared, **(declared.get(settings.get("name")) or {})}


def _adapter(profiles: Path, profile: str, target: str | None) -> str:
    """Return the adapter type of a profile's target."""
    path = profiles / "profiles.yml"
    known = _read_yaml(path).get(profile)
    if not isinstance(known, dict):
        raise KohorteError(f"{path}: there is no profile `{profile}`")
    chosen = target or with_environment(str(known.get("target") or "default"))
    output = (known.get("outputs") or {}).get(chosen)
    if not isinstance(output, dict) or "type" not in output:
        raise KohorteError(f"{path}: profile `{profile}` has no target `{chosen}`")
    return str(output["type"])


def with_environment(text: str) -> str:
    """Return a text with each `{{ env_var(…) }}` replaced by its value or default."""
    return _ENV_VAR.sub(lambda found: os.environ.get(found[1], found[2] or ""), text)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except FileNotFoundError:
        raise KohorteError(f"{path} is not there; run this in the project's root") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise KohorteError(f"{path}: not YAML") from None
    return document if isinstance(document, dict) else {}


def warehouse_path(root: Path, name: str = WAREHOUSE_NAME) -> Path:
    """Return the DuckDB file of the default target; an environment variable moves it."""
    return root / os.environ.get(WAREHOUSE_VARIABLE, f"warehouse/{name}.duckdb")


def serving_folder(root: Path, name: str = WAREHOUSE_NAME) -> Path:
    """Return the folder that a build warehouse is published to.

    Beside the project's own; one below for a warehouse of another name.
    """
    warehouse = warehouse_path(root, name)
    folder = warehouse.parent / SERVING_FOLDER
    return folder if warehouse == warehouse_path(root) else folder / name


def serving_path(root: Path, *, private: bool, name: str = WAREHOUSE_NAME) -> Path:
    """Return the published DuckDB file, which is there after the first publication.

    The private one has personal and contact columns, and only its owner may read it; the
    other one is for BI.
    """
    return serving_folder(root, name) / ("private.duckdb" if private else "kohorte.duckdb")

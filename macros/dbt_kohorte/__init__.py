"""The dbt plugin that compiles segment specs before dbt reads the models.

dbt loads every top-level module whose name begins with `dbt_` and makes an object of
each class in its list `plugins`.
"""

from __future__ import annotations

from pathlib import Path

from dbt.events.types import JinjaLogWarning
from dbt.flags import get_flags
from dbt.plugins.manager import dbtPlugin
from dbt_common.events.functions import warn_or_error

#: Commands of dbt that read no models.
_WITHOUT_MODELS = ("clean", "debug", "deps", "init")


class KohortePlugin(dbtPlugin):
    """Turns `segments/` into models, in projects that have such a folder."""

    def initialize(self) -> None:
        """Compile the specs; a mistake in any of them ends the dbt command."""
        flags = get_flags()  # type: ignore[no-untyped-call]
        if getattr(flags, "WHICH", "") in _WITHOUT_MODELS:
            return
        root = Path(getattr(flags, "PROJECT_DIR", None) or Path.cwd()).resolve()
        if not (root / "segments").is_dir():
            return
        from kohorte.compiler import compile_project, write_models
        from kohorte.project import read_project

        profiles = getattr(flags, "PROFILES_DIR", None)
        project = read_project(
            root,
            profiles=Path(profiles) if profiles else None,
            profile=getattr(flags, "PROFILE", None),
            target=getattr(flags, "TARGET", None),
            overrides=getattr(flags, "VARS", None),
        )
        compiled = compile_project(project, set_aside=project.sets_aside)
        for problem in compiled.specs.problems:
            warn_or_error(JinjaLogWarning(msg=f"a segment is set aside\n{problem}"))
        write_models(compiled.files, project.generated)


plugins = [KohortePlugin]

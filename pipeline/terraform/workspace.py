"""The Terraform commands that the pipeline needs, on one root module and one private folder."""

import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from python_terraform import IsFlagged

from pipeline.aws.access import AwsAccess
from pipeline.terraform.backend import BackendConfig
from pipeline.terraform.diagnostics import Diagnostic, StalePlanError, failure
from pipeline.terraform.document import Action, Plan, PlanDocument, parse_plan, read_plan
from pipeline.terraform.drift import computed_attributes, ignored_attributes, leave_out
from pipeline.terraform.folder import RunFolder, exclusively, run_folder
from pipeline.terraform.process import TimeLimits
from pipeline.terraform.process_environment import Masker, process_environment, write_variables
from pipeline.terraform.runner import Execution, OnEvent, TerraformRunner, ignore

_HAS_CHANGES = 2
"""Exit code of ``plan -detailed-exitcode``."""
_LOCK_TIMEOUT = "20s"
"""How long Terraform itself waits for the state lock; long enough for another run's plan to end."""


@dataclass(frozen=True)
class Output:
    """One output of the root module; a sensitive value does not show in its repr."""

    value: Any = field(repr=False)
    sensitive: bool


@dataclass(frozen=True)
class PlanRequest:
    """Request for a plan."""

    variables: Mapping[str, Any] = field(default_factory=dict, repr=False)
    var_files: tuple[Path, ...] = ()
    targets: tuple[str, ...] = ()
    destroy: bool = False
    refresh_only: bool = False
    refresh: bool = True
    lock_timeout: str = _LOCK_TIMEOUT


CommandHook = Callable[[Callable[[], int]], int]
"""Carries out a command that takes the state's lock; may do something before, after, or repeat it."""


def run_directly(command: Callable[[], int]) -> int:
    """Carry out a command and nothing else."""
    return command()


@dataclass(frozen=True)
class Workspace:
    """One root module, worked on from one private folder. Every method runs one Terraform command."""

    module: Path
    folder: RunFolder
    execution: Execution
    hook: CommandHook = run_directly

    def init(self, backend: BackendConfig | None) -> None:
        """Prepare the folder: backend, modules, providers. None: a backend-less init, enough to validate."""
        given = {"backend_config": backend.arguments()} if backend else {"backend": False}
        self.folder.offer_packages()
        with self._plugin_cache():
            self._run("init", **given, json=IsFlagged, input=False, no_color=IsFlagged, reconfigure=IsFlagged)
        self.folder.note_packages()

    def validate(self) -> tuple[Diagnostic, ...]:
        """Check the configuration, and return its warnings.

        Raises:
            TerraformError: the configuration is wrong; file and line are in its message.
        """
        runner = self._runner()
        _, out, err = runner.cmd("validate", json=IsFlagged, no_color=IsFlagged)
        document = self._document("validate", out, err)
        found = tuple(Diagnostic.parse(item) for item in document.get("diagnostics", ()))
        if not document.get("valid"):
            raise failure(f"The Terraform configuration in {self.module} is not valid.", found, err)
        return found

    def plan(self, request: PlanRequest) -> Plan:
        """Plan into the private folder; what is planned is told as events."""
        variables = write_variables(self.folder.variables, request.variables)
        self.folder.plan.unlink(missing_ok=True)
        code = self._run_locking(
            "plan",
            out=str(self.folder.plan),
            var=None,
            var_file=[str(path.resolve()) for path in (*request.var_files, variables)],
            target=list(request.targets),
            destroy=IsFlagged if request.destroy else None,
            refresh_only=IsFlagged if request.refresh_only else None,
            refresh=None if request.refresh else False,
            lock_timeout=request.lock_timeout,
            json=IsFlagged,
        )
        self.folder.plan.chmod(0o600)
        return read_plan(self.folder.plan, has_changes=code == _HAS_CHANGES)

    def show(self, plan: Plan) -> PlanDocument:
        """Read a plan; sensitive values are left out."""
        return parse_plan(self._shown(plan), self.execution.masker)

    def apply(self, plan: Plan) -> None:
        """Apply exactly this plan; progress is told as events.

        Raises:
            StalePlanError: the state, or the plan's file, changed since.
            TerraformError: part of it failed; what was done is in the state and in the events.
        """
        if read_plan(plan.path, has_changes=plan.has_changes) != plan:
            raise StalePlanError(f"The plan file {plan.path.name} is not the one that was made. Plan again.")
        self._run_locking("apply", str(plan.path), var=None, json=IsFlagged, lock_timeout=_LOCK_TIMEOUT)

    def made_by_somebody(self, document: PlanDocument) -> PlanDocument:
        """Leave out of a plan's drift what the configuration ignores, and what the provider alone sets."""
        document = leave_out(document, ignored_attributes(self._configuration()))
        if not document.drift:
            return document
        _, out, err = self._runner().cmd("providers schema", json=IsFlagged)
        return leave_out(document, computed_attributes(self._document("providers schema", out, err)))

    def read_back(self, request: PlanRequest) -> tuple[str, ...]:
        """Write into the state how everything reads now that all of it is there; AWS is not changed.

        A bucket whose versioning is a resource of its own reads otherwise than when it was made. Resources
        that seem to be gone are returned, by address; the state stays as it is then.
        """
        plan = self.plan(replace(request, targets=(), refresh_only=True))
        drift = self.show(plan).drift
        gone = tuple(item.address for item in drift if item.action is Action.DELETE)
        if drift and not gone:
            self.apply(plan)
        return gone

    def outputs(self) -> dict[str, Output]:
        """Return the root module's outputs from the state."""
        code, out, err = self._runner().cmd("output", json=IsFlagged, no_color=IsFlagged)
        if code != 0:
            raise failure(f"terraform output failed in {self.module}.", (), err)
        document = self._document("output", out, err)
        return {name: Output(item["value"], bool(item.get("sensitive"))) for name, item in document.items()}

    def planned_outputs(self, plan: Plan) -> dict[str, Any]:
        """Return the values that a plan gives to the root module's outputs; one that is null is left out."""
        planned = self._shown(plan)["planned_values"].get("outputs", {})
        return {name: item["value"] for name, item in planned.items() if item.get("value") is not None}

    def _shown(self, plan: Plan) -> dict[str, Any]:
        _, out, err = self._runner().cmd("show", str(plan.path), json=IsFlagged, no_color=IsFlagged)
        return self._document("show", out, err)

    def _configuration(self) -> str:
        """Return the text of the root module and of those that it calls, as ``init`` has noted them."""
        noted = self.folder.data / "modules/modules.json"
        called = json.loads(noted.read_text(encoding="utf-8"))["Modules"] if noted.exists() else []
        folders = {self.module, *((self.module / item["Dir"]).resolve() for item in called)}
        files = (file for folder in sorted(folders) for file in sorted(folder.glob("*.tf")))
        return "\n".join(file.read_text(encoding="utf-8") for file in files)

    @contextmanager
    def _plugin_cache(self) -> Iterator[None]:
        # Terraform's shared plugin cache is not made for several inits at once.
        cache = self.execution.environment.get("TF_PLUGIN_CACHE_DIR")
        with exclusively(Path(cache)) if cache else nullcontext():
            yield

    def _runner(self) -> TerraformRunner:
        return TerraformRunner(self.module, self.execution)

    def _run_locking(self, verb: str, *args: str, **options: Any) -> int:
        return self.hook(lambda: self._run(verb, *args, **options))

    def _run(self, verb: str, *args: str, **options: Any) -> int:
        runner = self._runner()
        code, _, err = getattr(runner, verb)(*args, **options)
        if code != 0 and not (verb == "plan" and code == _HAS_CHANGES):
            raise failure(f"terraform {verb} failed in {self.module}.", runner.diagnostics, err)
        return int(code)

    def _document(self, verb: str, out: str, err: str) -> dict[str, Any]:
        try:
            return dict(json.loads(out))
        except ValueError as error:
            raise failure(f"terraform {verb} failed in {self.module}.", (), err) from error


@contextmanager
def open_workspace(
    module: Path,
    access: AwsAccess,
    *,
    label: str,
    on_event: OnEvent = ignore,
    limits: TimeLimits = TimeLimits(),  # noqa: B008 - frozen value
    cancel: threading.Event | None = None,
    secrets: Iterable[str] = (),
    cli_config: Path | None = None,
    base: Path | None = None,
    inherited: Mapping[str, str] | None = None,
    hook: CommandHook = run_directly,
) -> Iterator[Workspace]:
    """Give one run its own workspace on the module, removed at the end.

    ``label`` names the private folder (the environment's name will do), ``secrets`` are masked in every
    event and error besides the credentials, ``cli_config`` replaces TF_CLI_CONFIG_FILE, ``base``
    the place of private folders, ``inherited`` this process's environment. ``hook`` wraps each
    command that takes the state's lock; ``pipeline.state.unlock.lock_keeper`` makes one.
    """
    with run_folder(label, base) as folder:
        surroundings = process_environment(
            os.environ if inherited is None else inherited, access, folder.data, cli_config
        )
        masked: Sequence[str | None] = (*secrets, access.secret_access_key, access.session_token)
        execution = Execution(surroundings, on_event, limits, cancel, Masker.of(masked), hold=folder.child)
        yield Workspace(module.resolve(), folder, execution, hook)

"""Installs the Terraform provider that ``.terraform.lock.hcl`` pins, also on machines that reach no registry.

The search for it runs once. The provider is then kept in a folder, which Terraform uses as its only filesystem mirror.
"""

import json
import os
import shutil
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import BadZipFile, ZipFile

from setup import LOCK_FILE, PROJECT
from setup.lock_file import locked_provider
from setup.step import step

MIRROR_VARIABLE = "TERRAFORM_PROVIDER_MIRROR"
REGISTRY_TIMEOUT_SECONDS = 6
# A busy machine with a large disk needs more than ten.
SEARCH_TIMEOUT_SECONDS = 30


class ProviderError(Exception):
    """The provider can't be installed. The message is one line with the reason."""


@dataclass(frozen=True)
class Provider:
    """A provider: its source address with the registry's host, its version, and a platform such as ``linux_amd64``."""

    address: str
    version: str
    platform: str

    def __str__(self) -> str:
        return f"{self.address.partition('/')[2]} {self.version} for {self.platform}"

    @property
    def unpacked(self) -> Path:
        """Path of the provider's folder in a filesystem mirror with unpacked layout, or in a plugin cache."""
        return Path(self.address, self.version, self.platform)

    @property
    def packed(self) -> Path:
        """Path of the provider's archive in a filesystem mirror with packed layout."""
        return Path(self.address, f"terraform-provider-{Path(self.address).name}_{self.version}_{self.platform}.zip")

    def is_in(self, mirror: Path) -> bool:
        """Whether the filesystem mirror has the provider, in either layout."""
        return (mirror / self.unpacked).is_dir() or (mirror / self.packed).is_file()


def mirror_configuration(mirror: Path) -> str:
    """Returns a Terraform CLI configuration that installs providers only from the filesystem mirror."""
    return f"provider_installation {{\n  filesystem_mirror {{\n    path = {json.dumps(str(mirror))}\n  }}\n}}\n"


def search_roots() -> list[Path]:
    """Returns the folders to search for mirrors: the project, the user's home and ``/``, but only one per disk."""
    # Unlike Path.home(), this never fails.
    home = Path(os.path.expanduser("~"))
    return list({folder.stat().st_dev: folder for folder in (PROJECT, home, Path("/")) if folder.is_dir()}.values())


def ensure_provider(terraform: Sequence[str], folder: Path, roots: Sequence[Path] | None = None) -> None:
    """Installs the pinned provider into ``folder``, unless it is installed.

    If ``TERRAFORM_PROVIDER_MIRROR`` names a filesystem mirror, the provider is installed from there only, and again
    when the variable names another mirror. Otherwise, the first source that has the provider is used:

    1. the plugin cache that ``TF_PLUGIN_CACHE_DIR`` names;
    2. the registry, or the sources that the user's CLI configuration names instead;
    3. a filesystem mirror anywhere below ``roots``.

    Args:
        terraform: The command that runs Terraform.
        folder: The filesystem mirror to install into.
        roots: The folders to search; by default, those of ``search_roots``.

    Raises:
        ProviderError: If no source has the provider with the lock file's checksum, or if its installation from the
            registry fails.
    """
    installer = _Installer(terraform, _pinned(terraform), folder)
    named = os.environ.get(MIRROR_VARIABLE)
    if named:
        installer.ensure_from_named(Path(named).expanduser().absolute())
    elif not installer.kept.is_dir():
        with step(f"Terraform provider {installer.provider}"):
            installer.install(search_roots() if roots is None else roots)


def _pinned(terraform: Sequence[str]) -> Provider:
    """Returns the provider that the lock file names, for Terraform's platform."""
    try:
        locked = locked_provider()
    except ValueError as error:
        raise ProviderError(str(error)) from None
    shown = subprocess.run([*terraform, "version", "-json"], capture_output=True, text=True, check=True).stdout
    return Provider(*locked, json.loads(shown)["platform"])


@dataclass(frozen=True)
class _Installer:
    """Installs the provider into ``folder`` if ``terraform init`` accepts its checksum."""

    terraform: Sequence[str]
    provider: Provider
    folder: Path

    @property
    def kept(self) -> Path:
        return self.folder / self.provider.unpacked

    def ensure_from_named(self, mirror: Path) -> None:
        memory = self.folder / MIRROR_VARIABLE
        if not mirror.is_dir():
            raise ProviderError(f"{MIRROR_VARIABLE}: there is no folder {mirror}")
        if not self.provider.is_in(mirror):
            raise ProviderError(f"{MIRROR_VARIABLE}: {mirror} has no {self.provider.unpacked}")
        if self.kept.is_dir() and memory.exists() and memory.read_text() == str(mirror):
            return
        with step(f"Terraform provider {self.provider}"):
            if not self._take_from(mirror):
                raise ProviderError(
                    f"{MIRROR_VARIABLE}: {mirror} has another {self.provider} than {LOCK_FILE.name} has the checksum of"
                )
        memory.write_text(str(mirror))

    def install(self, roots: Sequence[Path]) -> None:
        cache = os.environ.get("TF_PLUGIN_CACHE_DIR")
        if cache and self._take_from(Path(cache).absolute()):
            return
        if self._install_from_registry():
            return
        if any(self._take_from(mirror) for mirror in _mirrors(self.provider, roots)):
            return
        raise ProviderError(
            f"The Terraform provider {self.provider} is missing: no registry answers, and this machine has no"
            f" filesystem mirror of it. Connect to the registry, or name a mirror: export {MIRROR_VARIABLE}=FOLDER"
        )

    def _take_from(self, mirror: Path) -> bool:
        """Links or unpacks the mirror's provider. Returns False if it is missing or has another checksum."""
        if not self.provider.is_in(mirror):
            return False
        with self._staging() as staging:
            staged = staging / self.provider.unpacked
            staged.parent.mkdir(parents=True)
            if (mirror / self.provider.unpacked).is_dir():
                staged.symlink_to((mirror / self.provider.unpacked).resolve())
            else:
                with suppress(BadZipFile), ZipFile(mirror / self.provider.packed) as archive:
                    archive.extractall(staged)
                    for file in staged.iterdir():
                        file.chmod(0o755)
            configuration = staging / "terraform.rc"
            configuration.write_text(mirror_configuration(staging))
            with self._init(staging, TF_CLI_CONFIG_FILE=str(configuration)) as init:
                init.communicate()
            if init.returncode == 0:
                self._keep(staged)
        return init.returncode == 0

    def _install_from_registry(self) -> bool:
        """Runs ``terraform init`` with the user's CLI configuration. Returns False if no registry offers the provider.

        Raises:
            ProviderError: If the installation starts and then fails.
        """
        output, answered = "", False
        with self._staging() as staging:
            with self._init(staging) as init:
                give_up = threading.Timer(REGISTRY_TIMEOUT_SECONDS, init.kill)
                give_up.start()
                assert init.stdout is not None  # noqa: S101
                for line in init.stdout:
                    output += line
                    if "- Installing " in line:
                        answered = True
                        give_up.cancel()
                give_up.cancel()
            if init.returncode == 0:
                # A folder, or a link to one in a mirror or in a cache.
                self._keep(staging / ".terraform" / "providers" / self.provider.unpacked)
        if answered and init.returncode != 0:
            reason = " ".join(output.rpartition("Error: ")[2].split())
            raise ProviderError(f"The Terraform provider {self.provider} can't be installed: {reason}")
        return init.returncode == 0

    @contextmanager
    def _staging(self) -> Iterator[Path]:
        """Creates a temporary folder next to ``folder``, so that a rename can move the provider there."""
        with TemporaryDirectory(dir=self.folder.parent, prefix=f"{self.folder.name}-") as staging:
            yield Path(staging)

    def _keep(self, staged: Path) -> None:
        if self.kept.is_symlink():
            self.kept.unlink()
        elif self.kept.exists():
            shutil.rmtree(self.kept)
        self.kept.parent.mkdir(parents=True, exist_ok=True)
        staged.rename(self.kept)

    def _init(self, folder: Path, **variables: str) -> subprocess.Popen[str]:
        """Starts ``terraform init`` in ``folder``, for a configuration that requires only the provider."""
        required = {"this": {"source": self.provider.address, "version": self.provider.version}}
        (folder / "main.tf.json").write_text(json.dumps({"terraform": {"required_providers": required}}))
        shutil.copy(LOCK_FILE, folder)
        return subprocess.Popen(
            [*self.terraform, "init", "-input=false", "-no-color", "-lockfile=readonly"],
            cwd=folder,
            env={**_without_missing_configuration(os.environ), **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def _without_missing_configuration(variables: Mapping[str, str]) -> dict[str, str]:
    """Removes a ``TF_CLI_CONFIG_FILE`` whose file is missing, because every Terraform command would warn about it."""
    missing = not Path(variables.get("TF_CLI_CONFIG_FILE", "/")).exists()
    return {name: value for name, value in variables.items() if not (missing and name == "TF_CLI_CONFIG_FILE")}


def _mirrors(provider: Provider, roots: Sequence[Path]) -> Iterator[Path]:
    """Yields filesystem mirrors of the provider below ``roots``, breadth-first.

    The search stays on each root's disk and ends after ``SEARCH_TIMEOUT_SECONDS``.
    """
    deadline = time.monotonic() + SEARCH_TIMEOUT_SECONDS
    folders = deque((root, root.stat().st_dev) for root in roots)
    while folders and time.monotonic() < deadline:
        folder, device = folders.popleft()
        with suppress(OSError):
            if provider.is_in(folder):
                yield folder
            with os.scandir(folder) as entries:
                folders.extend(
                    (Path(entry), device)
                    for entry in entries
                    if entry.is_dir(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_dev == device
                )

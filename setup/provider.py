"""Ensures that Terraform finds the provider that ``.terraform.lock.hcl`` pins, also where no registry answers.

It is looked for once. What is found stays in a folder that Terraform then uses as its only filesystem mirror.
"""

import json
import os
import re
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
from setup.step import step

MIRROR_VARIABLE = "TERRAFORM_PROVIDER_MIRROR"
# Together below 15 seconds: whoever has no provider should be told soon.
REGISTRY_TIMEOUT_SECONDS = 6
SEARCH_TIMEOUT_SECONDS = 6


class ProviderError(Exception):
    """There is no provider: what is missing and what to do, in one line."""


@dataclass(frozen=True)
class Provider:
    """A provider of one version for one platform."""

    address: str
    version: str
    platform: str

    def __str__(self) -> str:
        return f"{self.address.partition('/')[2]} {self.version} for {self.platform}"

    @property
    def unpacked(self) -> Path:
        """Where a filesystem mirror or a plugin cache has it."""
        return Path(self.address, self.version, self.platform)

    @property
    def packed(self) -> Path:
        """Where a filesystem mirror has it as an archive."""
        return Path(self.address, f"terraform-provider-{Path(self.address).name}_{self.version}_{self.platform}.zip")

    def is_in(self, mirror: Path) -> bool:
        """Whether the mirror has it, in either layout."""
        return (mirror / self.unpacked).is_dir() or (mirror / self.packed).is_file()


def mirror_configuration(mirror: Path) -> str:
    """The CLI configuration with which Terraform installs providers from the filesystem mirror, and nowhere else."""
    return f"provider_installation {{\n  filesystem_mirror {{\n    path = {json.dumps(str(mirror))}\n  }}\n}}\n"


def search_roots() -> list[Path]:
    """A folder of each disk that is searched: the system's, the user's and the project's."""
    # Unlike Path.home(), this never fails.
    home = Path(os.path.expanduser("~"))
    return list({folder.stat().st_dev: folder for folder in (PROJECT, home, Path("/")) if folder.is_dir()}.values())


def ensure_provider(terraform: Sequence[str], folder: Path, roots: Sequence[Path] | None = None) -> None:
    """Puts the pinned provider into ``folder``, a filesystem mirror, unless it is there.

    It comes from the mirror that ``TERRAFORM_PROVIDER_MIRROR`` names, else from a plugin cache, else from wherever
    Terraform itself installs providers from (the registry, unless the user's CLI configuration says otherwise), else
    from a filesystem mirror anywhere below ``roots`` (by default, on the machine's disks).

    Raises:
        ProviderError: if it is in none of these, or only with another checksum than the lock file has.
    """
    installer = _Installer(terraform, _pinned(terraform), folder)
    named = os.environ.get(MIRROR_VARIABLE)
    if named:
        installer.ensure_from_named(Path(named).expanduser().absolute())
    elif not installer.kept.is_dir():
        with step(f"Terraform provider {installer.provider}"):
            installer.install(search_roots() if roots is None else roots)


def _pinned(terraform: Sequence[str]) -> Provider:
    """What the lock file names, for the platform that Terraform runs on."""
    locked = re.search(r'provider "([^"]+)" \{\s+version\s+= "([^"]+)"', LOCK_FILE.read_text())
    if locked is None:
        raise ProviderError(f"{LOCK_FILE.name} names no provider with a version")
    shown = subprocess.run([*terraform, "version", "-json"], capture_output=True, text=True, check=True).stdout
    return Provider(locked[1], locked[2], json.loads(shown)["platform"])


@dataclass(frozen=True)
class _Installer:
    """Puts the provider into ``folder``, and lets Terraform check it against the lock file."""

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
        """Links or unpacks the mirror's provider; whether it is there and has the right checksum."""
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
        """Lets Terraform install it as the user has configured; whether anything answered.

        Raises:
            ProviderError: if there was an answer, and yet it could not be installed.
        """
        output, answered = "", False
        with self._staging() as staging:
            with self._init(staging, TF_PLUGIN_CACHE_DIR=str(staging)) as init:
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
                self._keep(staging / self.provider.unpacked)
        if answered and init.returncode != 0:
            reason = " ".join(output.rpartition("Error: ")[2].split())
            raise ProviderError(f"The Terraform provider {self.provider} can't be installed: {reason}")
        return init.returncode == 0

    @contextmanager
    def _staging(self) -> Iterator[Path]:
        """An empty folder beside the one in which the provider is kept, so that it can be moved there in one go."""
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
        """Starts ``terraform init`` of a configuration that requires nothing but the provider."""
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
    """The variables, without a ``TF_CLI_CONFIG_FILE`` that names no file: Terraform warns of it at every call."""
    missing = not Path(variables.get("TF_CLI_CONFIG_FILE", "/")).exists()
    return {name: value for name, value in variables.items() if not (missing and name == "TF_CLI_CONFIG_FILE")}


def _mirrors(provider: Provider, roots: Sequence[Path]) -> Iterator[Path]:
    """The folders that are filesystem mirrors of the provider, the shallow ones first, without leaving a disk."""
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

"""A copy of a stack, whose state is a file of its own: what Terraform does there changes no stack's state.

``ops recover`` works on copies, so that a run without ``--apply`` finds exactly what a run with it does, and so that a
stack's state gets all of it at once, or nothing.
"""

import json
import re
import shutil
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from modules.identity import IDENTITIES
from ops.recovery.unread import unread, write_only
from ops.terraform import init, terraform
from setup import LOCK_FILE
from synth.manifest import SYNTHESIZED, StackManifest

STATE = "terraform.tfstate"
PLAN = "import.tfplan"
BUILT_IN = "terraform_data"
"""It exists in a state only: the next deploy makes it, and runs what it runs."""
PROVIDER = 'provider["registry.terraform.io/hashicorp/aws"]'
NO_ARGUMENT_MORE = "aws_nat_gateway."
"""The provider refuses some attributes that it has read, if they become arguments, as where all changes are ignored."""
WRITE_ONLY = re.compile(r"_wo(_version)?$")
BUILT_IN_VALUE = re.compile(rf"\b{BUILT_IN}\.[A-Za-z0-9_-]+\.[a-z]+")
ADDRESS = re.compile(r"(?<![\w.])(aws_[a-z0-9_]+\.[A-Za-z0-9_-]+)")

Json = dict[str, Any]


class StackCopy:
    """A copy of a synthesized stack and of its state.

    Args:
        stack: the synthesized stack. Its folder is for reading and writing its state.
        folder: the folder of all copies. A copy reads the outputs of the stacks below from the copies of those.
        stack_of: the name of a stack by the key of its state.
    """

    def __init__(self, stack: StackManifest, folder: Path, stack_of: Mapping[str, str]) -> None:
        self.name = stack.name
        self._serial = 0
        self.imports: dict[str, str] = {}
        """The import IDs of what is to be imported, by address."""
        self._source = stack.folder
        self._folder = folder / stack.name
        document = json.loads((stack.folder / SYNTHESIZED).read_text())
        self.configured: Mapping[str, Json] = _by_address(document)
        """The arguments of the resources in the stack, by address."""
        self._copied = copied(document, {key: folder / name / STATE for key, name in stack_of.items()})

    def open(self) -> None:
        """Copies the state. Until then, the stack is only known as it is configured."""
        init(self._source)
        providers = Path(".terraform", "providers")
        (self._folder / providers).parent.mkdir(parents=True)
        # A copy needs no `terraform init`: a state in a file is not set up.
        (self._folder / providers).symlink_to((self._source / providers).resolve())
        shutil.copy(self._source / LOCK_FILE.name, self._folder)
        state = json.loads(terraform("state", "pull", folder=self._source, capture=True))
        self._serial = int(state["serial"])
        # A state that was never written has no lineage, which says what the later ones are versions of.
        self._write_state({**without_values(state, self.configured), "lineage": state["lineage"] or str(uuid4())})

    @property
    def references(self) -> dict[str, set[str]]:
        """For each address, those of the resources whose values its arguments are made of."""
        resources = _by_address(self._copied)
        return {
            address: (set(ADDRESS.findall(json.dumps(arguments))) & resources.keys()) - {address}
            for address, arguments in resources.items()
        }

    @property
    def waits_for(self) -> list[str]:
        """The stacks that lack an output which this one reads."""
        text = json.dumps(self._copied.get("resource", {})) + json.dumps(self._copied.get("output", {}))
        return [
            state.parent.name
            for name, state in self._states_below().items()
            if set(re.findall(rf"terraform_remote_state\.{re.escape(name)}\.outputs\.([A-Za-z0-9_-]+)", text))
            - (_read(state)["outputs"].keys() if state.exists() else set())
        ]

    def _states_below(self) -> dict[str, Path]:
        read = self._copied.get("data", {}).get("terraform_remote_state", {})
        return {name: Path(source["config"]["path"]) for name, source in read.items()}

    def instances(self) -> Iterator[tuple[str, Json]]:
        """The address and the instance of each resource in the state. CDKTF makes one instance of each."""
        for resource in _read(self._state_file)["resources"]:
            if resource["mode"] == "managed" and resource["type"] != BUILT_IN:
                for instance in resource["instances"]:
                    if "deposed" not in instance:
                        yield f"{resource['type']}.{resource['name']}", instance

    def plan(self, *targets: str) -> Json:
        """Plans the imports, and returns the plan as ``terraform show -json`` writes it.

        Raises:
            CommandError: if Terraform can't; its output has a line of JSON for each error.
        """
        self._write_configuration()
        only = [f"-target={target}" for target in targets]
        terraform("plan", "-input=false", "-json", "-out", PLAN, *only, folder=self._folder, capture=True)
        return dict(json.loads(terraform("show", "-json", PLAN, folder=self._folder, capture=True)))

    def apply(self) -> None:
        """Applies the last plan, which writes the copy of the state."""
        terraform("apply", "-input=false", "-json", PLAN, folder=self._folder, capture=True)

    def untaint(self, address: str) -> None:
        """Takes back that the next deploy replaces a resource of the state."""
        terraform("untaint", address, folder=self._folder, capture=True)

    def add(self, address: str, attributes: Json) -> None:
        """Adds a resource to the state, with these attributes; the next plan reads the others."""
        type_, name = address.split(".")
        instance = {"schema_version": 0, "attributes": attributes, "sensitive_attributes": []}
        resource = {"mode": "managed", "type": type_, "name": name, "provider": PROVIDER, "instances": [instance]}
        state = _read(self._state_file)
        self._write_state({**state, "resources": [*state["resources"], resource]})

    def complete(self, addresses: Container[str]) -> None:
        """Gives imported resources, in the copy of the state, what an import can't read."""
        state = _read(self._state_file)
        for resource in state["resources"]:
            address = f"{resource['type']}.{resource['name']}"
            if address in addresses:
                for instance in resource["instances"]:
                    instance["attributes"] |= unread(self.configured[address], instance["attributes"])
        self._write_state(state)

    def push(self) -> None:
        """Stores the copy of the state as the stack's, in one write. Terraform locks the state for it.

        Raises:
            CommandError: if the state is locked, or another command has changed it meanwhile.
        """
        # Terraform refuses the number after the one that was read if another command has written it.
        self._write_state({**_read(self._state_file), "serial": self._serial + 1})
        terraform("state", "push", str(self._state_file), folder=self._source, capture=True)

    @property
    def _state_file(self) -> Path:
        return self._folder / STATE

    def _write_configuration(self) -> None:
        blocks = [{"to": address, "id": id_} for address, id_ in self.imports.items()]
        (self._folder / SYNTHESIZED).write_text(json.dumps({**self._copied, "import": blocks}, indent=1))

    def _write_state(self, state: Json) -> None:
        self._state_file.write_text(json.dumps(state))


def _read(state_file: Path) -> Json:
    return dict(json.loads(state_file.read_text()))


def _by_address(document: Json) -> dict[str, Json]:
    return {
        f"{type_}.{name}": arguments
        for type_, named in document.get("resource", {}).items()
        for name, arguments in named.items()
    }


def without_values(state: Json, configured: Mapping[str, Json]) -> Json:
    """A state that no refresh reads the values of secrets into.

    The provider notes last that a value is write-only, and without that note, it reads the value. So the note is added
    to those that a deploy was interrupted at, and a value that was read is taken out.

    Args:
        state: the state, which is changed.
        configured: the arguments of the resources in the stack, by address.
    """
    for resource in state["resources"]:
        identity = IDENTITIES.get(resource["type"])
        note = (identity and identity.instead_of_import) or {}
        arguments = configured.get(f"{resource['type']}.{resource['name']}", {})
        for instance in resource["instances"]:
            if any(instance["attributes"].get(name) != value for name, value in note.items()):
                instance["attributes"] |= {**write_only(arguments), **note}
    return state


def copied(document: Json, state_files: Mapping[str, Path]) -> Json:
    """The stack's configuration for the copy.

    It plans no change of what is in the state: arguments are ignored there. Left out is what AWS does not have
    (``terraform_data``), what would read secrets (ephemeral resources and write-only values), and what only orders the
    resources, which a plan with targets would include.

    Args:
        document: the synthesized configuration.
        state_files: the copies of the states by the keys of the states.
    """
    copy: Json = json.loads(BUILT_IN_VALUE.sub(r"\"recovered\"", json.dumps(document)))
    copy.pop("ephemeral", None)
    del copy["terraform"]["backend"]
    copy["resource"].pop(BUILT_IN, None)
    for address, arguments in _by_address(copy).items():
        for name in ("//", "depends_on", "provisioner", *filter(WRITE_ONLY.search, arguments)):
            arguments.pop(name, None)
        ignored = [*arguments, "tags_all"] if address.startswith(NO_ARGUMENT_MORE) else "all"
        arguments["lifecycle"] = {"ignore_changes": ignored}
    for source in copy.get("data", {}).get("terraform_remote_state", {}).values():
        source.update(backend="local", config={"path": str(state_files[source["config"]["key"]])})
    return copy

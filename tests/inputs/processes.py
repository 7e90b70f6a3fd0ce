"""The entry points as processes: variables and arguments that are no text, no ``HOME``, a locale of ASCII."""

from collections.abc import Iterator

from tests.inputs.case import CANARY, Case, process, right

AWS = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_CONFIG_FILE": "{}/none"}
CPU = "LANGFUSE_AWS__WEB__CPU"
FRAMEWORK = {"LANGFUSE_FRAMEWORK": "cdk8s"}


def cases() -> Iterator[Case]:
    """Yields the cases."""
    yield process("main.py with a wrong setting", "main.py", environment={CPU: "300", "CDKTF_OUTDIR": "{}/out"})
    yield process("main.py with a wrong framework", "main.py", environment=FRAMEWORK)
    yield process("cdktf with a wrong framework", "-m", "launchers.cdktf", "synth", environment=FRAMEWORK)
    yield process("cdktf synth with a wrong setting", "-m", "launchers.cdktf", "synth", environment={CPU: "300"})
    yield process(
        "cdktf without a HOME, with a wrong setting",
        "-m",
        "launchers.cdktf",
        "synth",
        environment={CPU: "x", "HOME": ""},
    )
    yield process("a variable that is no text", "-m", "settings", environment={CPU: b"\xff\xfe"})
    yield process("an environment that is no text", "-m", "settings", environment={"LANGFUSE_ENV": b"\xff"})
    yield process(
        "a locale of ASCII", "-m", "settings", environment={"LANGFUSE_ENV": "é", "LC_ALL": "C", "PYTHONUTF8": "0"}
    )
    yield process("an output in ASCII", "-m", "settings", environment={CPU: "é", "PYTHONIOENCODING": "ascii"})
    yield process(
        "a secret under a misspelt name", "-m", "settings", environment={"LANGFUSE_AWS__MAIL__PASSWORD": CANARY}
    )
    yield process("a misspelt prefix", "-m", "settings", environment={"LANGFUSE_AWS_WEB__CPU": "300"})
    yield process("surplus arguments", "-m", "settings", "dev")
    yield process("ops with a wrong setting", "-m", "ops", "status", environment={CPU: "300", **AWS})
    yield process("ops with an argument that is no text", "-m", "ops", "scale", "\udcff=1", environment=AWS)
    yield process("local with a wrong setting", "-m", "local", "--once", environment={CPU: "300"})
    yield right(process("no HOME", "-m", "settings"))
    yield right(process("a HOME that does not exist", "-m", "settings", environment={"HOME": "/nowhere"}))
    yield right(
        process("right settings in a locale of ASCII", "-m", "settings", environment={"LC_ALL": "C", "PYTHONUTF8": "0"})
    )

"""What the local stack imports and makes once, which is most of its start, and what it keeps of that."""

import subprocess
from pathlib import Path

from local import background


def printed(*statements: str) -> str:
    """What these statements print in the local stack's Python."""
    variables = {"PYTHONPATH": background.PYTHON_PATH}
    command = [str(background.PYTHON), "-c", "\n".join(statements)]
    return subprocess.check_output(command, env=variables, text=True, cwd=background.REPOSITORY).strip()


def test_interpreter_imports_spares_the_interpreter_the_simulation_of_ec2() -> None:
    apply = "from local.patches import interpreter_imports; interpreter_imports.apply()"
    interpreter = "import moto.stepfunctions.parser.asl.parse.asl_parser"
    ask = "import sys; print('moto.ec2' in sys.modules)"
    assert printed(interpreter, ask) == "True"
    assert printed(apply, interpreter, ask) == "False"
    assert printed(apply, interpreter, "import moto.batch", ask) == "True"


def test_shared_loader_reads_the_description_of_a_service_once_for_all_sessions() -> None:
    apply = "from local.patches import shared_loader; shared_loader.apply()"
    count = (
        "import boto3, botocore.loaders, botocore.session",
        "files, load = [], botocore.loaders.JSONFileLoader.load_file",
        "def counted(self, path):",
        "    found = load(self, path)",
        "    files.extend([path] if found and 'dynamodb' in path and 'service-2' in path else [])",
        "    return found",
        "botocore.loaders.JSONFileLoader.load_file = counted",
        "for _ in range(2):",
        "    boto3.session.Session().client('dynamodb', region_name='us-east-1')",
        "    botocore.session.get_session().get_service_model('dynamodb')",
        "print(len(files))",
    )
    assert printed(*count) == "4"
    assert printed(apply, *count) == "1"


def test_the_sam_transform_is_not_run_again_for_other_addresses_and_gives_the_same(tmp_path: Path) -> None:
    answer = printed(
        "import sys, pathlib",
        "from local.deployment import serverless, source",
        f"sys.prefix = {str(tmp_path)!r}",
        "template = source.read(pathlib.Path('template.yaml'))",
        "for name, resource in template['Resources'].items():",
        "    if resource['Type'] == 'AWS::Serverless::Function':",
        "        resource['Properties']['CodeUri'] = {'Bucket': 'code', 'Key': name}",
        "def transformed(port):",
        "    given = {'Cache': 'external', 'CacheUrl': f'redis://h:{port}', 'CdnUrl': f'http://h:{port}'}",
        "    return serverless.transformed(template, given, 'us-east-1')",
        "first, kept = transformed(1), serverless._transformed",
        "serverless._transformed = None",
        "assert transformed(2) == first",
        "serverless._transformed = kept",
        "serverless.VARYING = set()",
        "print(transformed(3) == first)",
    )
    assert answer == "True"
    assert len(list((tmp_path / "transformed").iterdir())) == 2


def test_garbage_is_collected_once_the_stack_is_ready_and_not_looked_for_in_what_was_there_before() -> None:
    answer = printed(
        "import gc, weakref",
        "from local import garbage",
        "class Circle:",
        "    def __init__(self): self.itself = self",
        "garbage.put_off()",
        "before = [weakref.ref(Circle()) for _ in range(1000)]",
        "garbage.keep_what_is()",
        "after = [weakref.ref(Circle()) for _ in range(10_000)]",
        "gc.collect()",
        "print(all(each() for each in before), any(each() for each in after), gc.isenabled())",
    )
    assert answer == "True False True"

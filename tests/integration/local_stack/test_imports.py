"""What the local stack imports, which is most of its start."""

import subprocess

from local import background


def test_interpreter_imports_spares_the_interpreter_the_simulation_of_ec2() -> None:
    apply = "from local.patches import interpreter_imports; interpreter_imports.apply()"
    interpreter = "import moto.stepfunctions.parser.asl.parse.asl_parser"

    def imports_ec2(*program: str) -> bool:
        """Whether these statements import moto's EC2."""
        code = "; ".join([*program, "import sys", "print('moto.ec2' in sys.modules)"])
        variables = {"PYTHONPATH": background.PYTHON_PATH}
        answer = subprocess.check_output([background.PYTHON, "-c", code], env=variables, text=True)
        return answer.strip() == "True"

    assert imports_ec2(interpreter)
    assert not imports_ec2(apply, interpreter)
    assert imports_ec2(apply, interpreter, "import moto.batch")

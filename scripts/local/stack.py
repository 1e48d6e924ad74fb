"""What runs, in the order in which it starts; it stops in reverse order."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from imageservice_operator.operations.stack import Stack
from imageservice_operator.operations.stack_file import StackFile
from local import cache, console, link_keys, ministack_server, open_files, ports, statefile
from local.cloudfront import service as edge
from local.deployment import source
from local.deployment.deploy import Deployer
from local.lambda_runtime import environment
from local.lambda_runtime.processes import Processes
from local.options import Options


@contextlib.contextmanager
def running(options: Options) -> Iterator[Stack]:
    """Run the whole stack for as long as the block runs; yields its description, which is in stack.json too.

    Raises AlreadyRunning, PortTaken, NoRedis, BrokenTemplate or ParametersRefused, each with a message for people.
    To add a loopback service, add a line here: enter it, and put its address into `parameters` (if the template needs
    it) or into the description (if clients need it).
    """
    open_files.raise_limit()
    with contextlib.ExitStack() as services:
        services.enter_context(statefile.claim(options.state_dir))
        listener = services.enter_context(ports.listening(options.port, "--port"))
        endpoint_url = f"http://{ports.LOOPBACK}:{listener.getsockname()[1]}"
        edge_listener = services.enter_context(ports.listening(options.edge_port, "--edge-port"))
        console_listener = services.enter_context(ports.listening(options.console_port, "--console-port"))
        console_url = f"http://{ports.LOOPBACK}:{console_listener.getsockname()[1]}"
        parameters = {"CdnUrl": f"http://{ports.LOOPBACK}:{edge_listener.getsockname()[1]}"}

        # The functions' packages are imported beside the rest of the start.
        processes = services.enter_context(
            Processes(options.functions_python, options.state_dir / "logs" / "fork-servers.log")
        )
        template = source.read(options.template)
        processes.prepare(environment.of_template(template))

        served_from = services.enter_context(cache.running(options))
        services.enter_context(ministack_server.running(options, listener, endpoint_url, processes))

        bare = StackFile(endpoint_url, options.region, "test", "test", {}, served_from.url, console_url)
        client = Stack.of_file(bare).client
        parameters |= served_from.parameters(client) | link_keys.parameters(client, options.parameters)
        parameters |= options.parameters
        deployer = Deployer(client, endpoint_url, options.region, options.versions)
        outputs = deployer.create(options.template, parameters, options.stack_name)
        file = replace(bare, outputs=outputs)
        stack = Stack.of_file(file)
        if "DistributionId" in stack.outputs:
            services.enter_context(edge.running(edge_listener, template, parameters, stack))
        services.enter_context(statefile.published(options.state_dir, file.as_json()))
        services.enter_context(console.running(console_listener, options.state_dir))
        yield stack

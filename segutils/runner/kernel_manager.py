"""A pool's kernel handed to papermill: a kernel manager that takes a running process over."""

import asyncio
import json
import signal
import time
from queue import Empty
from typing import Any

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase
from traitlets import Type

from segutils.runner.kernels import Kernel

END_WAIT = 5.0


class PooledProvisioner(KernelProvisionerBase):
    """Jupyter's view of a kernel process that a pool has started."""

    kernel: Kernel | None = None

    @property
    def has_process(self) -> bool:
        return self.kernel is not None

    async def poll(self) -> int | None:
        return self.kernel.poll() if self.kernel else 0

    async def wait(self) -> int | None:
        while self.kernel and self.kernel.poll() is None:
            await asyncio.sleep(0.005)
        code = self.kernel.poll() if self.kernel else 0
        self.kernel = None
        return code

    async def send_signal(self, signum: int) -> None:
        if self.kernel:
            self.kernel.send_signal(signum)

    async def kill(self, restart: bool = False) -> None:
        """End the process and wait for that here: the manager itself would look only ten times a second."""
        if self.kernel is None:
            return
        self.kernel.kill()
        end = time.monotonic() + END_WAIT
        while self.kernel.poll() is None and time.monotonic() < end:
            await asyncio.sleep(0.005)

    async def terminate(self, restart: bool = False) -> None:
        await self.send_signal(signal.SIGTERM)

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        return {**kwargs, "cmd": []}

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Nothing to launch: the connection of the process that runs already."""
        assert self.kernel is not None
        info = json.loads(self.kernel.connection_file.read_text(encoding="utf-8"))
        return {**info, "key": info["key"].encode()}

    async def cleanup(self, restart: bool = False) -> None:
        self.kernel = None


class PooledClient(AsyncKernelClient):
    """Jupyter's client, which would wait for two tenths of a second of silence before each notebook."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel has answered on both channels to one and the same question."""
        end = time.monotonic() + (timeout or float("inf"))
        while not await self._answers(self.kernel_info()):
            if not await self._async_is_alive():
                raise RuntimeError("it ended before it could answer")
            if time.monotonic() > end:
                raise RuntimeError(f"it did not answer within {timeout:.0f} seconds")

    async def _answers(self, question: str) -> bool:
        try:
            while (reply := await self.get_shell_msg(timeout=1))["parent_header"].get("msg_id") != question:
                continue
            self._handle_kernel_info_reply(reply)
            while (
                True
            ):  # the kernel says that it is idle again, unless our subscription came too late to hear it
                heard = await self.get_iopub_msg(timeout=0.2)
                if (
                    heard["parent_header"].get("msg_id") == question
                    and heard["content"].get("execution_state") == "idle"
                ):
                    return True
        except Empty:
            return False


class PooledKernelManager(AsyncKernelManager):
    """A manager of one kernel from a pool; :func:`manager_of` makes the class for it."""

    client_factory = Type(klass=AsyncKernelClient, default_value=PooledClient)
    pooled: Kernel

    async def _async_pre_start_kernel(self, **kw: Any) -> Any:
        self.shutting_down = False
        self.connection_file = str(self.pooled.connection_file)
        self.load_connection_file()
        self._launch_args = {}
        provisioner = PooledProvisioner(
            kernel_id=str(self.pooled.process.pid), kernel_spec=self.kernel_spec, parent=self
        )
        provisioner.kernel = self.pooled
        self.provisioner = provisioner
        return [], {}


def manager_of(kernel: Kernel) -> type[PooledKernelManager]:
    """The kernel manager class that gives out this kernel (papermill asks for a class, not for an object)."""
    return type("OneKernelManager", (PooledKernelManager,), {"pooled": kernel})

"""A broker inside the hub's process, for trying things out on one machine: amqtt, MQTT 3.1.1, loopback only."""

import asyncio
import logging
import threading
from weakref import WeakSet

from amqtt.broker import Broker

from hub.config import ConfigError

log = logging.getLogger(__name__)

START_SECONDS = 10.0


class _Broker(Broker):  # type: ignore[misc]  # amqtt is untyped
    """Knows every connection there is: amqtt's own shutdown closes those of sessions alone."""

    def __init__(self, config: dict[str, object], loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(config, loop=loop)
        self.connections: WeakSet[asyncio.StreamWriter] = WeakSet()

    async def stream_connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
    ) -> None:
        self.connections.add(writer)
        await super().stream_connected(reader, writer, listener_name)


class EmbeddedBroker:
    """Runs in a thread with an event loop of its own. Keeps nothing across restarts; agents resend what counts."""

    def __init__(self, host: str, port: int) -> None:
        self._bind = f"{host}:{port}"
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._error: Exception | None = None
        self._broker: _Broker | None = None
        self._thread = threading.Thread(target=self._run, name="embedded-broker", daemon=True)

    def start(self) -> None:
        """Listen. Raises ConfigError when the port is taken."""
        logging.getLogger("amqtt").setLevel(logging.CRITICAL)  # it tells a port that is taken by a traceback
        logging.getLogger("transitions").setLevel(logging.WARNING)
        self._thread.start()
        self._started.wait(START_SECONDS)
        if self._error is not None or self._broker is None:
            raise ConfigError(f"embedded broker can't listen on {self._bind}: {self._error}")
        logging.getLogger("amqtt").setLevel(logging.WARNING)

    def stop(self) -> None:
        """Close every connection and end the thread."""
        if self._broker is not None:
            try:
                asyncio.run_coroutine_threadsafe(self._broker.shutdown(), self._loop).result(5)
                asyncio.run_coroutine_threadsafe(self._hang_up(self._broker), self._loop).result(5)
            except Exception as error:  # noqa: BLE001 - the rest of the hub must still be closed
                log.warning("embedded broker did not shut down cleanly: %s", error)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.create_task(self._listen())
        self._loop.run_forever()

    async def _hang_up(self, broker: _Broker) -> None:
        """End what is left: a connection that breaks just now, or has said nothing yet, belongs to no session."""
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=2)
        for writer in broker.connections:
            writer.transport.abort()
        await asyncio.sleep(0)  # sockets are closed in the loop's next turn

    async def _listen(self) -> None:
        config = {
            "listeners": {"default": {"type": "tcp", "bind": self._bind}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
        try:
            broker = _Broker(config, self._loop)
            await broker.start()
            self._broker = broker
        except Exception as error:  # noqa: BLE001 - told to the thread that waits in start()
            self._error = error
        finally:
            self._started.set()

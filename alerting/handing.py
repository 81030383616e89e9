"""Handing a message to a way out, in a thread of its own: one that never comes back takes no other's place.

The far side of a way may hang for as long as it likes, a byte now and then. Threads of a pool would one after another
stand with it, until nothing goes out any more. The invariants: a call is begun at once, whatever became of those
before, and the end of the process waits for none.
"""

from concurrent.futures import Future
from threading import Thread

from alerting.letters import Fate, Letter, Send


def begin(send: Send, letter: Letter) -> Future[Fate]:
    """Begin to send; the future has the fate when the way has come back."""
    future: Future[Fate] = Future()

    def run() -> None:
        try:
            fate = send(letter)
        except BaseException as error:  # noqa: BLE001 - it is for whoever waits
            future.set_exception(error)
        else:
            future.set_result(fate)

    Thread(target=run, name="letter", daemon=True).start()
    return future

"""The PUBACKs a connection still owes, in the order of its PUBLISHes.

Pure. The invariant (MQTT 5, 4.6): PUBACKs leave in the order in which the PUBLISHes came, so one that is settled
early waits for those before it. Each delivery is settled once; a second time does nothing.
"""

from collections import deque

from ingest.delivery import Delivery


class Receipts:
    """Owed PUBACKs; it is the `token` of the deliveries that wait for one. `out` takes the bytes that may leave."""

    __slots__ = ("_acks", "_order", "_out", "_settled")

    def __init__(self, out: bytearray) -> None:
        self._out = out
        self._order: deque[Delivery] = deque()
        self._acks: deque[bytes] = deque()
        self._settled: set[Delivery] = set()

    def __len__(self) -> int:
        return len(self._order)

    def forget(self) -> None:
        """Owe nothing any more: the connection is gone, and the device will send again."""
        self._order.clear()
        self._acks.clear()

    def add(self, delivery: Delivery, ack: bytes) -> None:
        """Owe the PUBACK `ack` (the whole packet) for a delivery."""
        self._order.append(delivery)
        self._acks.append(ack)

    def settle(self, delivery: Delivery) -> int:
        """Release the PUBACK of a delivery whose token this is; returns how many could leave now."""
        delivery.token = None
        order = self._order
        if not order or order[0] is not delivery:
            self._settled.add(delivery)
            return 0
        order.popleft()
        self._out += self._acks.popleft()
        released = 1
        while self._settled and order[0] in self._settled:
            self._settled.remove(order.popleft())
            self._out += self._acks.popleft()
            released += 1
        return released

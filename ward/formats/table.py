"""Which decoder reads which topic: the one table. A format is a module of this package and a line here.

Every decoder takes a payload and gives a `Decoded`; none raises, whatever the bytes are.
"""

from collections.abc import Callable
from types import MappingProxyType

from ward.formats import event, fhir, senml, status, vitals, waveform
from ward.formats.claims import Decoded
from ward.wire import Leaf

DECODERS: MappingProxyType[Leaf, Callable[[bytes], Decoded]] = MappingProxyType(
    {
        Leaf.VITALS: vitals.decode,
        Leaf.WAVEFORM: waveform.decode,
        Leaf.STATUS: status.decode,
        Leaf.EVENT: event.decode,
        Leaf.SENML: senml.decode,
        Leaf.FHIR: fhir.decode,
    }
)

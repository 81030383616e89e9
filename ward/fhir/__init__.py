"""FHIR R4 resources out of what we keep: pure mapping, one function a resource. Decoding is `ward.formats`."""

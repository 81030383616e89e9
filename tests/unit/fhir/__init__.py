"""FHIR without HTTP and without the store."""

"""FHIR R4 over HTTP without HTTP: requests and answers as values. The thin shell is `api.routes.fhir`."""

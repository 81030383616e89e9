"""Adds the shapes of live messages to the OpenAPI document, which by itself knows nothing of WebSockets."""

from fastapi import FastAPI
from pydantic import TypeAdapter

from api.live.alert_messages import AlertMessage, SnapshotMessage
from api.live.messages import HeartbeatMessage, ResumedMessage, VitalsMessage

LiveMessage = SnapshotMessage | ResumedMessage | VitalsMessage | AlertMessage | HeartbeatMessage


def install(app: FastAPI) -> None:
    """Have the application's OpenAPI document name `LiveMessage`."""
    plain = app.openapi

    def openapi() -> dict[str, object]:
        if app.openapi_schema is None:
            document = plain()
            schema = TypeAdapter[LiveMessage](LiveMessage).json_schema(
                ref_template="#/components/schemas/{model}", mode="serialization"
            )
            shapes = schema.pop("$defs")
            document["components"]["schemas"] |= {**shapes, "LiveMessage": schema}
        return app.openapi_schema or plain()

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the document

"""Adds to the OpenAPI document what it does not know by itself: the shapes of live messages, plans and reports."""

from fastapi import FastAPI
from pydantic import TypeAdapter

from api.backtest_states import shapes as backtest_shapes
from api.home_states import HomeLiveMessage
from api.live.alert_messages import AlertMessage, SnapshotMessage
from api.live.messages import HeartbeatMessage, ResumedMessage, VitalsMessage
from api.live.news_messages import NewsMessage
from api.live.presence_messages import PresenceMessage
from api.plan_states import shapes as plan_shapes

LiveMessage = (
    SnapshotMessage | ResumedMessage | VitalsMessage | AlertMessage | NewsMessage | PresenceMessage | HeartbeatMessage
)


def install(app: FastAPI) -> None:
    """Have the document name the live messages, plans as `plan.…`, back-tests' reports as `backtest.…`."""
    plain = app.openapi

    def openapi() -> dict[str, object]:
        if app.openapi_schema is None:
            document = plain()
            schema = TypeAdapter[LiveMessage](LiveMessage).json_schema(
                ref_template="#/components/schemas/{model}", mode="serialization"
            )
            home = TypeAdapter[HomeLiveMessage](HomeLiveMessage).json_schema(
                ref_template="#/components/schemas/{model}", mode="serialization"
            )
            shapes = {**schema.pop("$defs"), **home.pop("$defs"), **plan_shapes(), **backtest_shapes()}
            document["components"]["schemas"] |= {**shapes, "LiveMessage": schema, "HomeLiveMessage": home}
        return app.openapi_schema or plain()

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the document

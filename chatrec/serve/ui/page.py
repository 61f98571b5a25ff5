"""The page: Gradio components, and which of the controller's methods each of their events calls."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import gradio as gr
from gradio.themes import Base, colors

from chatrec.serve.ui.controller import Controller, Screen
from chatrec.serve.ui.render import ASSETS

PLACEHOLDER = "What are you in the mood for?"
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
"""For every event: the page shows progress itself, and no event is offered as an API."""


def build(controller: Controller) -> gr.Blocks:
    """The page, not yet served. It keeps no state in Gradio: the key of Gradio's own session is all that tells pages apart."""
    with gr.Blocks(title="chatrec", analytics_enabled=False, fill_width=True) as blocks:
        header = _html("cr-header", controller.header())
        with gr.Row(elem_id="cr-main", equal_height=False):
            with gr.Column(elem_id="cr-talk", scale=2, min_width=300):
                chatbot = _chatbot()
                strip = _html("cr-strip")
                notice = _html("cr-notice")
                box = _textbox()
            with gr.Column(elem_id="cr-picks", scale=3, min_width=300):
                panel = _html("cr-panel")
        live = gr.HTML(elem_id="cr-live", js_on_load=None, apply_default_css=False)
        screen = [chatbot, strip, notice, panel, live, box]
        _connect(blocks, controller, screen, header, box, (header, strip, panel))
    return blocks


def theme() -> Base:
    """Colours and fonts; the fonts are the system's, so that nothing is fetched from elsewhere."""
    latin = ("-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Liberation Sans", "Arial")
    han = ("PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "sans-serif")
    return Base(
        primary_hue=colors.indigo,
        neutral_hue=colors.slate,
        font=(*latin, *han),
        font_mono=("ui-monospace", "monospace"),
    )


def _html(elem_id: str, value: str = "") -> gr.HTML:
    bridge = (ASSETS / "bridge.js").read_text(encoding="utf-8")
    return gr.HTML(value, elem_id=elem_id, js_on_load=bridge, apply_default_css=False)


def _chatbot() -> gr.Chatbot:
    """The log. Markdown, LaTeX and tags are off, and every message is escaped before it gets here."""
    return gr.Chatbot(
        elem_id="cr-log",
        label="Conversation",
        show_label=False,
        container=False,
        height=None,
        render_markdown=False,
        sanitize_html=True,
        allow_tags=False,
        latex_delimiters=[],
        feedback_options=None,
        buttons=[],
        layout="bubble",
        group_consecutive_messages=False,
    )


def _textbox() -> gr.Textbox:
    return gr.Textbox(
        elem_id="cr-box",
        label="Message",
        show_label=False,
        container=False,
        placeholder=PLACEHOLDER,
        lines=1,
        max_lines=6,
        autofocus=True,
        submit_btn=True,
    )


def _connect(
    blocks: gr.Blocks,
    controller: Controller,
    screen: list[Any],
    header: gr.HTML,
    box: gr.Textbox,
    clickable: tuple[gr.HTML, ...],
) -> None:
    """Wire events to the controller. Stopping bypasses the queue, so that it works when every worker is busy.

    What a stream shows last may reach the browser after what a click changed meanwhile; hence every event is followed by one
    more that shows the page as it is by then.
    """

    def show(request: gr.Request) -> tuple[Any, ...]:
        return _values(controller.show(_key(request)))

    def load(request: gr.Request) -> tuple[Any, ...]:
        return controller.header(), *show(request)

    def send(text: str, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        yield from map(_values, controller.send(_key(request), text))

    def say(request: gr.Request, event: gr.EventData) -> Iterator[tuple[Any, ...]]:
        yield from map(_values, controller.say(_key(request), *_click(event)))

    def change(request: gr.Request, event: gr.EventData) -> tuple[Any, ...]:
        return _values(controller.change(_key(request), *_click(event)))

    def stop(request: gr.Request) -> None:
        controller.stop(_key(request))

    def then_settle(event: Any) -> None:
        event.then(show, outputs=screen, queue=False, **QUIET)

    blocks.load(load, outputs=[header, *screen], **QUIET)
    then_settle(box.submit(send, inputs=box, outputs=screen, trigger_mode="multiple", **QUIET))
    for component in clickable:
        then_settle(component.submit(say, outputs=screen, trigger_mode="multiple", **QUIET))
        then_settle(component.click(change, outputs=screen, trigger_mode="multiple", **QUIET))
        component.stop(stop, queue=False, **QUIET)
    gr.Timer(3).tick(controller.header, outputs=header, queue=False, **QUIET)


def _values(screen: Screen) -> tuple[Any, ...]:
    *shown, box = screen
    return (*shown, gr.skip() if box is None else box)


def _key(request: gr.Request) -> str:
    """What tells this page from others; a caller that names no session gets one that nobody else has."""
    return request.session_hash or uuid.uuid4().hex


def _click(event: gr.EventData) -> tuple[str, str]:
    """Action and value of a click; whatever else a browser may send becomes text that no page knows."""
    data = event._data if isinstance(event._data, dict) else {}
    return str(data.get("action", "")), str(data.get("value", ""))

"""The page: Gradio components, and which of the controller's methods each of their events calls."""

from __future__ import annotations

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
    """The page, not yet served. Its `gr.State` holds a page id and nothing else."""
    with gr.Blocks(title="chatrec", analytics_enabled=False, fill_width=True) as blocks:
        page_id = gr.State("")
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
        _connect(blocks, controller, page_id, screen, header, box, (header, strip, panel))
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
    page_id: gr.State,
    screen: list[Any],
    header: gr.HTML,
    box: gr.Textbox,
    clickable: tuple[gr.HTML, ...],
) -> None:
    """Wire events to the controller. Stopping bypasses the queue, so that it works when every worker is busy."""

    def enter() -> tuple[Any, ...]:
        new_id, shown = controller.enter()
        return new_id, controller.header(), *_values(shown)

    def send(text: str, opened: str) -> Iterator[tuple[Any, ...]]:
        yield from map(_values, controller.send(opened, text))

    def say(opened: str, event: gr.EventData) -> Iterator[tuple[Any, ...]]:
        yield from map(_values, controller.say(opened, *_click(event)))

    def change(opened: str, event: gr.EventData) -> tuple[Any, ...]:
        return _values(controller.change(opened, *_click(event)))

    blocks.load(enter, outputs=[page_id, header, *screen], **QUIET)
    box.submit(send, inputs=[box, page_id], outputs=screen, trigger_mode="multiple", **QUIET)
    for component in clickable:
        component.submit(say, inputs=page_id, outputs=screen, trigger_mode="multiple", **QUIET)
        component.click(change, inputs=page_id, outputs=screen, trigger_mode="multiple", **QUIET)
        component.stop(controller.stop, inputs=page_id, queue=False, **QUIET)
    gr.Timer(3).tick(controller.header, outputs=header, queue=False, **QUIET)


def _values(screen: Screen) -> tuple[Any, ...]:
    *shown, box = screen
    return (*shown, gr.skip() if box is None else box)


def _click(event: gr.EventData) -> tuple[str, str]:
    """Action and value of a click; whatever else a browser may send becomes text that no page knows."""
    data = event._data if isinstance(event._data, dict) else {}
    return str(data.get("action", "")), str(data.get("value", ""))

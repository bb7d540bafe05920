"""Without JavaScript every interactive figure is a still picture that says what it shows."""

import pytest

PHRASES = {  # what the still of each figure says, among other things
    "slide_and_sum": "add up to 2, 7, 6, −1, −2, 0, 0",
    "layer_explorer": "4 outputs",
    "kernel_editor": "filtered with the kernel Sobel",
    "volume_explorer": "two maps of 3 by 3",
    "column_explorer": "nine columns",
    "shift_explorer": "Outputs of four layers",
    "backward_explorer": "a gradient of 1 at output 1",
    "transposed_explorer": "made of 1, 1, 2, 1, 2, 1, 2, 1, 2, 1, 1",
    "separable_explorer": "Eight channels",
    "digit_reader": "six maps of the first convolution",
    "mask_explorer": "how probable an object is at every pixel",
    "unit_explorer": "the digit of the test set for which it gives most",
    "stack_explorer": "three units, then five",
    "alexnet_explorer": "conv2: 51",
    "turn_explorer": "Four maps of an image",
    "iou_explorer": "Two boxes over a picture",
    "nms_explorer": "that suppression leaves",
}


@pytest.fixture(scope="module")
def plain(browser):
    """A page of a browser that runs no JavaScript."""
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_every_interactive_figure_is_looked_at(chapters):
    assert chapters.keys() == PHRASES.keys()


@pytest.mark.parametrize("name", PHRASES)
def test_without_javascript_the_still_remains(plain, site, chapters, name):
    plain.goto(f"{site}/{chapters[name]}")
    roots = plain.locator(f".course-interactive[data-figure={name}]")
    stills = roots.locator("> .course-figure svg").all()
    assert len(stills) == roots.count() > 0
    assert all(still.is_visible() for still in stills)
    labels = [still.get_attribute("aria-label") for still in stills]
    assert all(labels)
    assert PHRASES[name] in labels[0]

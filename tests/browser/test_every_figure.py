"""What holds for every interactive figure: its names, the keyboard, Play, little motion, a phone."""

import re

import pytest

PLAYS = {  # what Play moves on, and what its button says meanwhile
    "slide_and_sum": ("step", "Stop"),
    "layer_explorer": ("output", "Pause"),
    "kernel_editor": ("column", "Stop"),
    "volume_explorer": ("output", "Pause"),
    "column_explorer": ("output", "Pause"),
    "shift_explorer": ("shift", "Stop"),
    "backward_explorer": ("output", "Pause"),
    "transposed_explorer": ("copies", "Pause"),
    "separable_explorer": ("output", "Pause"),
    "digit_reader": ("sample", "Stop"),
    "mask_explorer": ("threshold", "Pause"),
    "unit_explorer": ("column", "Stop"),
    "stack_explorer": ("row", "Pause"),
    "alexnet_explorer": ("layer", "Pause"),
    "turn_explorer": ("turn", "Stop"),
    "iou_explorer": ("boxes", "Pause"),
    "nms_explorer": ("iou", "Pause"),
}
# remembers all that Tab should come to, in the order of the page; goes to the first, says how many there are
TAB_STOPS = """root => {
  const parts = [...root.querySelectorAll("input, select, button, [tabindex='0']")];
  window.stops = parts.filter((part) => !part.disabled);
  stops[0].focus();
  return stops.length;
}"""


@pytest.fixture(scope="module", params=PLAYS)
def name(request):
    """The name of each interactive figure in turn."""
    return request.param


@pytest.fixture(scope="module")
def figure(visit, find, name):
    """The first figure of that name, as the tests before have left it."""
    with visit() as page:
        yield find(page, name)[0]


def test_every_interactive_figure_is_looked_at(chapters):
    assert chapters.keys() == PLAYS.keys()


def test_every_control_has_a_name_in_words(figure):
    controls = re.findall(r"""- '?(slider|combobox|textbox|button)( "(.*?)")?""", figure.aria_snapshot())
    assert len(controls) == figure.locator("input, select, button, [role=button]").count() > 0
    assert all(re.match("[A-Za-z]", words) for _, _, words in controls), controls
    assert figure.locator("output").count() == 0  # a label around one names it, not the control


def test_tab_comes_to_every_control(figure):
    for stop in range(1, figure.evaluate(TAB_STOPS)):
        figure.page.keyboard.press("Tab")
        assert figure.page.evaluate("stops.indexOf(document.activeElement)") == stop


def test_arrow_keys_choose_the_next_cell_and_stay_there(figure):
    cells = figure.locator("[role=button][tabindex='0']")
    for i in range(cells.count()):
        cells.nth(i).press("Enter")
        before = figure.state()
        assert figure.focused("[aria-pressed=true]")
        figure.locator("[aria-pressed=true]").press("ArrowRight")
        assert figure.state() != before
        assert figure.focused("[aria-pressed=true]")
        figure.locator("[aria-pressed=true]").press("ArrowLeft")
        assert figure.state() == before


def test_play_moves_on_until_it_is_pressed_again(figure, name):
    key, halt = PLAYS[name]
    before = figure.state()[key]
    figure.page.clock.install()
    figure.get_by_role("button", name="Play").click()
    figure.page.clock.run_for(1100)
    figure.get_by_role("button", name=halt).click()
    after = figure.state()[key]
    assert after != before
    figure.page.clock.run_for(5000)
    assert figure.state()[key] == after
    assert figure.get_by_role("button", name="Play").count() == 1


def test_little_motion(find, page, name):
    key, halt = PLAYS[name]
    page.emulate_media(reduced_motion="reduce")
    figure = find(page, name)[0]
    play = figure.get_by_role("button", name="Play")
    assert play.count() == (halt == "Stop")  # the others are walked through by hand
    if play.count():
        before = figure.state()[key]
        page.clock.install(time=0)
        page.clock.pause_at(1)  # or the time that passes on a busy machine counts as well
        play.click()
        page.clock.run_for(900)
        assert figure.state()[key] == before


def test_the_page_of_a_phone_does_not_scroll_sideways(find, page, name):
    page.set_viewport_size({"width": 390, "height": 800})
    sliders = find(page, name)[0].get_by_role("slider")
    assert sliders.count()
    for slider in sliders.all():
        slider.press("End")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
